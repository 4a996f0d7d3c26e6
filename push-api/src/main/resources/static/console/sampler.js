// What the nodes report of themselves, asked for each 2 s as long as the page is visible, and what it was in the last half hour.

import { access } from './api.js';

const INTERVAL_MS = 2000;
const MAX_SAMPLES = 900;
const GONE = new Set(['gone', 'drained']);

/** Counts of a node, since its start. */
function counts(node) {
	return { messages: node.messagesSent, kicks: node.kicks, reconnects: node.reconnections, gaps: node.delivery?.gaps ?? 0,
		timed: node.delivery?.samples ?? 0, took: node.delivery?.totalMs ?? 0 };
}

class Sampler extends EventTarget {

	constructor() {
		super();
		this.nodes = [];
		this.drain = null;
		this.failure = '';
		this.clear();
		access.addEventListener('changed', () => this.follow());
		document.addEventListener('visibilitychange', () => this.follow());
	}

	clear() {
		this.reports = new Map(); // identity to the last report and the rates up to it
		this.series = { time: [], connections: [], waiting: [], messages: [], latency: [], kicks: [], reconnects: [], gaps: [] };
	}

	/** Asks while there is a page to see it and a caller who may. */
	follow() {
		if (!access.me) {
			this.clear();
		}
		const wanted = access.holds('read') && !document.hidden;
		if (wanted && !this.timer) {
			this.timer = setInterval(() => this.sample(), INTERVAL_MS);
			this.sample();
		}
		else if (!wanted) {
			clearInterval(this.timer);
			this.timer = null;
		}
	}

	/** One at a time: a slow answer is not overtaken. */
	async sample() {
		if (this.asking) {
			return;
		}
		this.asking = true;
		try {
			const [{ nodes }, drain] = await Promise.all([access.get('v1/nodes'), access.get('v1/drain')]);
			this.nodes = nodes;
			this.drain = drain;
			this.failure = '';
			this.note();
		}
		catch (failure) {
			this.failure = failure.message;
		}
		finally {
			this.asking = false;
		}
		this.dispatchEvent(new Event('sampled'));
	}

	note() {
		const present = new Map();
		for (const node of this.nodes.filter(({ state }) => !GONE.has(state))) {
			present.set(node.node, this.report(node));
		}
		this.reports = present;
		const rates = [...present.values()].map(({ rate }) => rate).filter(Boolean);
		const sum = (name) => rates.reduce((total, rate) => total + rate[name], 0);
		const timed = sum('timed');
		const active = this.nodes.filter(({ state }) => !GONE.has(state));
		const sample = {
			time: Date.now() / 1000,
			connections: active.reduce((total, node) => total + node.active, 0),
			waiting: active.reduce((total, node) => total + node.waiting, 0),
			messages: rates.length ? sum('messages') : null,
			latency: timed > 0 ? sum('took') / timed : null,
			kicks: rates.length ? sum('kicks') : null,
			reconnects: rates.length ? sum('reconnects') : null,
			gaps: rates.length ? sum('gaps') : null
		};
		for (const [name, values] of Object.entries(this.series)) {
			values.push(sample[name]);
			if (values.length > MAX_SAMPLES) {
				values.shift();
			}
		}
	}

	/** Rates hold from report to report: a node tells of itself every few seconds. */
	report(node) {
		const before = this.reports.get(node.node);
		const at = Date.parse(node.updatedAt);
		if (before && before.at === at) {
			return before;
		}
		const now = counts(node);
		let rate = null;
		if (before && at > before.at) {
			const seconds = (at - before.at) / 1000;
			rate = Object.fromEntries(Object.entries(now).map(([name, value]) => [name, Math.max(0, value - before.counts[name]) / seconds]));
		}
		return { at, counts: now, rate };
	}

	/** Messages per second of a node, or null while that is not known. */
	messages(node) {
		return this.reports.get(node)?.rate?.messages ?? null;
	}

	last(name) {
		return this.series[name].at(-1) ?? null;
	}

}

export const sampler = new Sampler();
