// What lies between this browser and the nodes: runs the doctor of the client, and shows what it found and how to mend it.

import streams from '../streams.js';
import { field, h, run, say } from './dom.js';

const PROXIES = { nginx: 'nginx', haproxy: 'HAProxy', caddy: 'Caddy' };

function count(findings, severity) {
	const { length } = findings.filter((finding) => finding.severity === severity);
	return length && `${length} ${severity}${length > 1 ? 's' : ''}`;
}

function summary(findings) {
	const problems = count(findings, 'problem');
	return [problems || 'no problem', count(findings, 'note')].filter(Boolean).join(', ');
}

/** One finding: what it is, what was seen, and lines of configuration to open. */
function card({ id, severity, title, detail, why, mend }) {
	const lines = Object.entries(PROXIES).filter(([proxy]) => mend[proxy]);
	return h('section', { class: 'card finding', 'data-finding': id, 'data-severity': severity, 'aria-labelledby': `finding-${id}` },
		h('h3', { id: `finding-${id}` }, title),
		h('p', { class: 'state', 'data-state': severity === 'problem' ? 'down' : 'closed' }, severity),
		...(detail ? [h('p', { class: 'detail' }, detail)] : []), h('p', {}, why),
		...lines.map(([proxy, name]) => h('details', {}, h('summary', {}, name), h('pre', { tabindex: '0', 'aria-label': `For ${name}` }, mend[proxy]))));
}

function measures({ protocol, heartbeatMs, skewMs }) {
	const shown = [['Protocol towards this browser', protocol], ['Heartbeat of the node', heartbeatMs && `each ${heartbeatMs / 1_000} s`],
		['Clocks', skewMs !== undefined && (Math.abs(skewMs) < 1_000 ? 'agree' : `differ by ${Math.round(Math.abs(skewMs) / 1_000)} s`)]];
	return h('dl', {}, ...shown.filter(([, value]) => value).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

class FanfareDoctor extends HTMLElement {

	connectedCallback() {
		const address = h('select', { name: 'stream' }, ...streams.map((stream) => new Option(stream)));
		const button = h('button', { class: 'primary' }, 'Examine');
		this.stop = h('button', { type: 'button', 'data-do': 'stop', disabled: true, onclick: () => this.abort?.abort() }, 'Stop');
		this.answer = h('output', { 'aria-live': 'polite' });
		this.progress = h('progress', { max: 1, value: 0, hidden: true, 'aria-label': 'How far the examination is' });
		this.results = h('div', { class: 'findings' });
		const form = h('form', { class: 'card', id: 'doctor', 'aria-label': 'Doctor', onsubmit: (event) => {
			event.preventDefault();
			run(button, this.answer, () => this.examine(address.value));
		} },
		h('p', {}, 'Opens two streams of the node\'s own for some 25 s, and asks for two refusals. What it finds lies between this browser and the node: proxies, '
			+ 'balancers, firewalls. No user and no message is involved.'),
		h('div', { class: 'row' }, field('Stream', address, true)),
		h('div', { class: 'buttons' }, button, this.stop, this.answer), this.progress);
		this.replaceChildren(h('h2', { class: 'view' }, 'Doctor'), form, this.results);
	}

	disconnectedCallback() {
		this.abort?.abort();
	}

	async examine(url) {
		this.abort = new AbortController();
		const { signal } = this.abort;
		this.results.replaceChildren();
		this.progress.hidden = this.stop.disabled = false;
		this.progress.value = 0;
		say(this.answer, 'listens for some 25 s');
		try {
			// Its own module: who does not ask the doctor does not load it.
			const { diagnose } = await import('../client/fanfare-doctor.js');
			const { findings, measured } = await diagnose(new URL(url, location.href), { signal, onProgress: ({ elapsedMs, totalMs }) => {
				this.progress.value = Math.min(1, elapsedMs / totalMs);
			} });
			say(this.answer, summary(findings), findings.some(({ severity }) => severity === 'problem'));
			this.results.replaceChildren(...findings.map(card),
				...(Object.keys(measured).length ? [h('section', { class: 'card', 'aria-labelledby': 'measured-title' },
					h('h3', { id: 'measured-title' }, 'What was measured'), measures(measured))] : []));
		}
		catch (failure) {
			if (!signal.aborted) {
				throw failure;
			}
			say(this.answer, 'stopped');
		}
		finally {
			this.progress.hidden = this.stop.disabled = true;
		}
	}

}

customElements.define('fanfare-doctor', FanfareDoctor);
