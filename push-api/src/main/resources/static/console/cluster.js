// The nodes, what they do, and how they drain.

import './charts.js';
import { access } from './api.js';
import { age, field, h, number, run, say } from './dom.js';
import { sampler } from './sampler.js';

const COLUMNS = ['Node', 'State', 'Streams', 'Waiting', 'Messages/s', 'Memory', 'Lease', 'Loops', 'Reported', 'Version'];

function percent(share) {
	return `${Math.round(share * 100)} %`;
}

function memory({ memory: shares }) {
	if (!shares) {
		return '–';
	}
	const parts = [`heap ${percent(shares.heap)}`, `direct ${percent(shares.direct)}`];
	if (shares.process) {
		parts.push(`process ${percent(shares.process)}`);
	}
	return `${shares.state === 'ok' ? '' : `short of ${shares.state}: `}${parts.join(', ')}${shares.growing ? ', growing' : ''}`;
}

/** The oldest lease of its loops. */
function lease({ loops }) {
	const ages = (loops ?? []).map(({ renewedAgoMs }) => renewedAgoMs).filter((one) => one !== null && one !== undefined);
	return ages.length ? age(Math.max(...ages) / 1000) : '–';
}

function health({ loops }) {
	const blocked = (loops ?? []).filter((loop) => loop.blocked);
	if (!loops?.length) {
		return '–';
	}
	return blocked.length ? `${blocked.length} of ${loops.length} blocked` : `${loops.length} well`;
}

/** Asks before something that ends streams; the answer is what the form holds, or null. */
function ask(title, text, ...fields) {
	return new Promise((resolve) => {
		const form = h('form', { method: 'dialog' }, h('h2', { id: 'ask-title' }, title), h('p', {}, text), ...fields,
			h('div', { class: 'buttons' }, h('button', { value: 'yes', class: 'primary' }, title), h('button', { value: '', formnovalidate: '' }, 'Cancel')));
		const dialog = h('dialog', { 'aria-labelledby': 'ask-title' }, form);
		dialog.addEventListener('close', () => {
			dialog.remove();
			resolve((dialog.returnValue === 'yes') ? Object.fromEntries(new FormData(form)) : null);
		});
		document.body.append(dialog);
		dialog.showModal();
	});
}

function windowField(value) {
	return field('Over how many seconds', h('input', { name: 'seconds', type: 'number', min: '0', max: '3600', value, inputmode: 'numeric' }));
}

class FanfareCluster extends HTMLElement {

	connectedCallback() {
		this.rows = new Map();
		this.totals = h('p', { class: 'totals', role: 'status' });
		this.body = h('tbody');
		this.answer = h('output', { 'aria-live': 'polite' });
		this.failure = h('p', { class: 'failure', hidden: true });
		this.progress = h('section', { class: 'card', hidden: true, 'aria-labelledby': 'drain-title' });
		const operate = access.holds('admin');
		this.drainAll = h('button', { type: 'button', 'data-do': 'drain-all', onclick: () => this.drainCluster() }, 'Drain all, one by one');
		this.rebalance = h('button', { type: 'button', 'data-do': 'rebalance', onclick: () => this.rebalanceCluster() }, 'Rebalance');
		this.replaceChildren(h('h2', { class: 'view' }, 'Cluster'), this.failure, this.totals,
			h('section', { class: 'card', 'aria-labelledby': 'nodes-title' },
				h('h2', { id: 'nodes-title' }, 'Nodes'),
				h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-labelledby': 'nodes-title' },
					h('table', {}, h('thead', {}, h('tr', {}, ...COLUMNS.map((name) => h('th', { scope: 'col' }, name)),
						...(operate ? [h('th', { scope: 'col' }, 'Drain')] : []))), this.body)),
				h('div', { class: 'buttons' }, ...(operate ? [this.drainAll, this.rebalance]
					: [h('p', { class: 'needs' }, 'To drain and rebalance needs the scope admin.')]), this.answer)),
			this.progress, h('fanfare-charts'));
		this.sampled = () => this.draw();
		sampler.addEventListener('sampled', this.sampled);
		this.draw();
	}

	disconnectedCallback() {
		sampler.removeEventListener('sampled', this.sampled);
	}

	draw() {
		this.failure.hidden = !sampler.failure;
		this.failure.textContent = sampler.failure;
		const present = sampler.nodes.filter(({ state }) => state !== 'gone' && state !== 'drained');
		const sum = (name) => present.reduce((total, node) => total + node[name], 0);
		this.totals.textContent = `${present.length} nodes, ${number(sum('active'))} of ${number(sum('limit'))} streams, `
			+ `${number(sum('waiting'))} waiting, `
			+ `${number(sampler.last('messages'))} messages per second`;
		const seen = new Set();
		for (const node of sampler.nodes) {
			seen.add(node.node);
			this.drawNode(node);
		}
		for (const [identity, row] of this.rows) {
			if (!seen.has(identity)) {
				row.element.remove();
				this.rows.delete(identity);
			}
		}
		this.drawDrain();
	}

	/** Cells change where they stand, so that a button keeps the focus. */
	drawNode(node) {
		const texts = [node.name, node.state, `${number(node.active)} of ${number(node.limit)}`, number(node.waiting), number(sampler.messages(node.node)),
			memory(node), lease(node), health(node), `${age((Date.now() - Date.parse(node.updatedAt)) / 1000)} ago`, node.version];
		let row = this.rows.get(node.node);
		if (!row) {
			const cells = texts.map((text, at) => h(at ? 'td' : 'th', at ? {} : { scope: 'row', title: node.node }));
			const drain = h('button', { type: 'button', 'data-do': 'drain', 'aria-label': `Drain ${node.name}`,
				onclick: () => this.drainNode(node) }, 'Drain');
			const element = h('tr', { 'data-node': node.name }, ...cells, ...(access.holds('admin') ? [h('td', {}, drain)] : []));
			row = { cells, drain, element };
			this.rows.set(node.node, row);
			this.body.append(row.element);
		}
		texts.forEach((text, at) => {
			if (row.cells[at].textContent !== text) {
				row.cells[at].textContent = text;
			}
		});
		row.cells[1].dataset.state = node.state;
		row.cells[7].toggleAttribute('data-bad', (node.loops ?? []).some((loop) => loop.blocked));
		row.drain.disabled = node.state !== 'up' && node.state !== 'not-ready';
	}

	drawDrain() {
		const { drain } = sampler;
		this.progress.hidden = !drain || drain.state === 'none';
		if (this.progress.hidden) {
			return;
		}
		const done = drain.nodes.filter(({ state }) => state === 'back').length;
		this.progress.replaceChildren(h('h2', { id: 'drain-title' }, `Drain of the cluster: ${drain.state}`),
			h('progress', { max: drain.nodes.length || 1, value: done, 'aria-label': 'Nodes that are back' }),
			h('ol', {}, ...drain.nodes.map(({ name, state, sentOn, cut }) => h('li', {},
				`${name}: ${state}${sentOn === undefined ? '' : `, ${sentOn} sent on, ${cut} aborted`}`))),
			...(drain.problem ? [h('p', { class: 'failure' }, drain.problem)] : []));
	}

	async drainNode(node) {
		const given = await ask(`Drain ${node.name}`, 'Its clients are asked to reconnect, and its process ends.', windowField('30'));
		if (given) {
			await run(this.rows.get(node.node)?.drain ?? this.drainAll, this.answer, async () => {
				const { connections, window } = await access.post(`v1/nodes/${encodeURIComponent(node.node)}/drain`, body(given));
				say(this.answer, `${node.name} sends ${connections} streams on, over ${window}`);
				sampler.sample();
			});
		}
	}

	async drainCluster() {
		const given = await ask('Drain all', 'Each node that is up is drained, and the next follows when it is back.', windowField('30'));
		if (given) {
			await run(this.drainAll, this.answer, async () => {
				const { nodes } = await access.post('v1/drain', body(given));
				say(this.answer, `drains ${nodes.length} nodes, one after the other`);
				sampler.sample();
			});
		}
	}

	async rebalanceCluster() {
		const given = await ask('Rebalance', 'Nodes with more than their share of streams send the surplus on.', windowField('60'));
		if (given) {
			await run(this.rebalance, this.answer, async () => {
				const { nodes, unanswered } = await access.post('v1/rebalance', body(given));
				const moved = nodes.reduce((total, { connections }) => total + connections, 0);
				say(this.answer, `${moved} streams are sent on${unanswered.length ? `; no answer of ${unanswered.join(', ')}` : ''}`);
				sampler.sample();
			});
		}
	}

}

function body({ seconds }) {
	return seconds ? { window: `PT${Number(seconds)}S` } : {};
}

customElements.define('fanfare-cluster', FanfareCluster);
