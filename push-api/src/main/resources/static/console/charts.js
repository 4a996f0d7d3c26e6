// Charts of the last half hour.

import uPlot from './uplot/uPlot.esm.js';
import { h, number } from './dom.js';
import { sampler } from './sampler.js';

const HEIGHT = 150;

const CHARTS = [
	{ title: 'Connections', unit: '', lines: [['connections', 'open', '--accent'], ['waiting', 'waiting', '--second']] },
	{ title: 'Messages per second', unit: '/s', lines: [['messages', 'written', '--accent']] },
	{ title: 'Delivery latency', unit: ' ms', lines: [['latency', 'mean', '--accent']] },
	{ title: 'Per second', unit: '/s', lines: [['kicks', 'kicks', '--accent'], ['reconnects', 'reconnects', '--second'],
		['gaps', 'gaps', '--third']] }
];

/** The value of a colour where it depends on the theme. */
function color(name) {
	const probe = document.querySelector('#probe');
	probe.style.color = `var(${name})`;
	return getComputedStyle(probe).color;
}

/** All charts; drawn anew by draw(), made anew where the theme changed. */
export class FanfareCharts extends HTMLElement {

	connectedCallback() {
		this.charts = CHARTS.map((chart) => this.make(chart));
		this.replaceChildren(...this.charts.map(({ figure }) => figure));
		this.observer = new ResizeObserver(() => this.resize());
		this.observer.observe(this);
		this.drawn = () => this.draw();
		this.themed = () => this.theme();
		sampler.addEventListener('sampled', this.drawn);
		document.addEventListener('themechange', this.themed);
		this.theme();
	}

	disconnectedCallback() {
		this.observer.disconnect();
		sampler.removeEventListener('sampled', this.drawn);
		document.removeEventListener('themechange', this.themed);
		this.charts.forEach(({ plot }) => plot?.destroy());
	}

	make({ title, unit, lines }) {
		const values = lines.map(([name, label, hue]) => {
			const value = h('b', {}, '–');
			return { name, label, hue, value, key: h('span', { class: 'key' }, h('i', { 'data-hue': hue.slice(2) }), `${label} `, value) };
		});
		const surface = h('div', { class: 'plot', role: 'img' });
		const caption = h('figcaption', {}, h('h3', {}, title), ...values.map(({ key }) => key));
		const figure = h('figure', { class: 'card chart' }, caption, surface);
		return { title, unit, values, surface, figure, plot: null };
	}

	theme() {
		for (const chart of this.charts) {
			chart.plot?.destroy();
			chart.surface.replaceChildren();
			const lines = { stroke: color('--line'), width: 1 };
			const axis = { stroke: color('--faint'), grid: lines, ticks: lines, font: '11px system-ui, sans-serif' };
			chart.plot = new uPlot({
				width: this.width(chart), height: HEIGHT, legend: { show: false }, cursor: { show: false },
				scales: { y: { range: (plot, min, max) => [0, Math.max(1, (max ?? 0) * 1.15)] } },
				axes: [{ ...axis, size: 28 }, { ...axis, size: 46 }],
				series: [{}, ...chart.values.map(({ label, hue }) => ({ label, stroke: color(hue), width: 2, points: { show: false } }))]
			}, this.data(chart), chart.surface);
		}
		this.draw();
	}

	data({ values }) {
		return [sampler.series.time, ...values.map(({ name }) => sampler.series[name])];
	}

	draw() {
		for (const chart of this.charts) {
			chart.plot.setData(this.data(chart));
			for (const { name, value } of chart.values) {
				value.textContent = (sampler.last(name) === null) ? '–' : number(sampler.last(name)) + chart.unit;
			}
			const now = chart.values.map(({ label, value }) => `${label} ${value.textContent}`).join(', ');
			chart.surface.setAttribute('aria-label', `${chart.title} over time. Now: ${now}`);
		}
	}

	width({ surface }) {
		return Math.max(200, Math.floor(surface.clientWidth || 320));
	}

	resize() {
		for (const chart of this.charts) {
			const width = this.width(chart);
			if (chart.plot && width !== chart.plot.width) {
				chart.plot.setSize({ width, height: HEIGHT });
			}
		}
	}

}

customElements.define('fanfare-charts', FanfareCharts);
