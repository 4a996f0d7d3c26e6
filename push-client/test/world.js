// A world with its own time, network and browsers: tabs of one browser share locks, channels and storage.

import { createHash } from 'node:crypto';

import { host } from '../src/fanfare-worker.js';

export class World {

	constructor({ random = () => 0.5, start = 1_800_000_000_000 } = {}) {
		this.time = start;
		this.start = start;
		this.timers = new Map();
		this.timer = 0;
		this.random = random;
		this.seed = 0;
		this.tasks = 0;
		this.requests = [];
		this.calls = [];
		/** Answers a request: (request) => Response-like, or a promise of it. */
		this.serve = () => never();
		/** How long a request takes to the server, in milliseconds. */
		this.latency = () => 0;
	}

	/** Time that passes on the way: for no tab, so nothing stops it. */
	pass(ms) {
		return new Promise((resolve) => {
			this.timers.set(++this.timer, { at: this.time + ms, tab: {}, run: resolve });
		});
	}

	/** Lets all promises settle that wait for nothing but each other. Tabs that never stop talking are a failure. */
	async settle() {
		for (let quiet = 0, rounds = 0; quiet < 5; rounds++) {
			const { tasks } = this;
			await new Promise((resolve) => setImmediate(resolve));
			quiet = (tasks === this.tasks) ? quiet + 1 : 0;
			if (rounds > 500) {
				throw new Error('a storm of messages');
			}
		}
	}

	/** Lets time pass. */
	async advance(ms) {
		const end = this.time + ms;
		await this.settle();
		for (;;) {
			const [id, timer] = [...this.timers].filter(([, { at, tab }]) => at <= end && !tab.frozen)
				.sort(([one, { at }], [other, { at: otherAt }]) => at - otherAt || one - other)[0] ?? [];
			if (!timer) {
				break;
			}
			this.timers.delete(id);
			this.time = Math.max(this.time, timer.at);
			timer.run();
			await this.settle();
		}
		this.time = end;
		await this.settle();
	}

	/** Lets time pass until something holds. */
	async until(condition, limit = 120_000, step = 50) {
		const end = this.time + limit;
		await this.settle();
		while (!condition()) {
			if (this.time >= end) {
				throw new Error(`did not hold within ${limit} ms: ${condition}`);
			}
			await this.advance(step);
		}
	}

	browser(options) {
		return new Browser(this, options);
	}

	tab(options) {
		return this.browser(options).tab();
	}

	get opens() {
		return this.requests;
	}

}

export const never = () => new Promise(() => {});

class Browser {

	constructor(world, { locks = true, channels = true, workers = false, href = 'https://app.example/page' } = {}) {
		this.world = world;
		this.href = href;
		this.tabs = new Set();
		this.local = new Map();
		this.held = new Map();
		this.withLocks = locks;
		this.withChannels = channels;
		this.withWorkers = workers;
		this.workers = new Map();
	}

	tab(session = new Map()) {
		const tab = new Tab(this, session);
		this.tabs.add(tab);
		return tab;
	}

	/** The SharedWorker of a name: a tab that nobody sees, with the script that the client brings for it. */
	worker(name) {
		if (!this.workers.get(name) || this.workers.get(name).closed) {
			this.workers.set(name, Object.assign(this.tab(), { shown: false, isWorker: true, storage: () => undefined }));
		}
		return this.workers.get(name);
	}

	deliver(from, name, data) {
		for (const tab of this.tabs) {
			for (const channel of tab.channels) {
				if (channel !== from && channel.name === name) {
					tab.task(() => !channel.closed && channel.onmessage?.({ data: structuredClone(data) }));
				}
			}
		}
	}

	/** Gives a lock to the next who waits for it. */
	grant(name) {
		const lock = this.lock(name);
		if (lock.holder || !lock.queue.length) {
			return;
		}
		const holder = lock.holder = lock.queue.shift();
		holder.tab.task(async () => {
			await holder.hold();
			if (lock.holder === holder) {
				lock.holder = undefined;
				this.grant(name);
			}
			holder.resolve();
		});
	}

	lock(name) {
		if (!this.held.has(name)) {
			this.held.set(name, { holder: undefined, queue: [] });
		}
		return this.held.get(name);
	}

}

/** A tab, as the `env` of the client. */
class Tab {

	constructor(browser, session) {
		const { world } = browser;
		const tab = this;
		Object.assign(this, { browser, world, session, href: browser.href, channels: new Set(), groups: new Map(), listeners: [],
			shown: true, frozen: false, closed: false, queue: [], warnings: [], beacons: [], streams: new Set() });
		this.console = { warn: (text) => this.warnings.push(text), error: (error) => this.warnings.push(String(error)), debug() {},
			table() {} };
		this.crypto = { getRandomValues(array) {
			const bytes = createHash('sha256').update(String(world.seed++)).digest();
			return array.map((_, i) => bytes.readUInt32LE(4 * i));
		} };
		if (browser.withLocks) {
			this.locks = { request: (name, options, hold) => this.request(name, options, hold) };
		}
		if (browser.withWorkers) {
			this.SharedWorker = class {

				constructor(address, { name, type }) {
					if (type !== 'module') {
						throw new TypeError('the worker is a module');
					}
					if (browser.withWorkers === 'broken') {
						tab.task(() => this.onerror?.({}));
						this.port = { postMessage() {} };
						return;
					}
					const worker = browser.worker(name);
					const port = {};
					host(port, worker);
					this.port = { postMessage: (data) => worker.task(() => port.onmessage({ data: structuredClone(data) })) };
				}

			};
		}
		if (browser.withChannels) {
			this.BroadcastChannel = class {

				constructor(name) {
					this.name = name;
					tab.channels.add(this);
				}

				postMessage(data) {
					if (this.closed) {
						throw new Error('closed');
					}
					browser.deliver(this, this.name, structuredClone(data));
				}

				close() {
					this.closed = true;
					tab.channels.delete(this);
				}

			};
		}
	}

	/** Runs as a task of the tab: later if it is frozen, never if it is closed. */
	task(run) {
		this.world.tasks++;
		if (this.closed) {
			return;
		}
		if (this.frozen) {
			this.queue.push(run);
		}
		else {
			setImmediate(() => this.closed || (this.frozen ? this.queue.push(run) : run()));
		}
	}

	request(name, { steal, signal }, hold) {
		const lock = this.browser.lock(name);
		return new Promise((resolve, reject) => {
			const place = { tab: this, hold, resolve, reject };
			if (steal) {
				const { holder } = lock;
				lock.holder = undefined;
				lock.queue.unshift(place);
				holder?.tab.task(() => holder.reject(new Error('stolen')));
			}
			else {
				lock.queue.push(place);
				signal?.addEventListener('abort', () => {
					if (lock.queue.includes(place)) {
						lock.queue.splice(lock.queue.indexOf(place), 1);
						reject(new Error('aborted'));
					}
				});
			}
			this.browser.grant(name);
		});
	}

	now() {
		return this.world.time;
	}

	random() {
		return this.world.random();
	}

	setTimeout(run, delay = 0) {
		const id = ++this.world.timer;
		this.world.timers.set(id, { at: this.world.time + Math.max(0, delay), run, tab: this });
		return id;
	}

	clearTimeout(id) {
		this.world.timers.delete(id);
	}

	visible() {
		return this.shown;
	}

	listen(type, listener, signal) {
		const entry = { type, listener };
		this.listeners.push(entry);
		signal.addEventListener('abort', () => this.listeners.splice(this.listeners.indexOf(entry), 1));
	}

	fire(type, event = {}) {
		this.listeners.filter((entry) => entry.type === type).forEach(({ listener }) => listener(event));
	}

	storage(kind) {
		const map = kind === 'localStorage' ? this.browser.local : this.session;
		return { getItem: (key) => map.get(key) ?? null, setItem: (key, value) => map.set(key, value),
			removeItem: (key) => map.delete(key) };
	}

	beacon(url, body) {
		this.beacons.push({ url, body: JSON.parse(body) });
		this.world.calls.push({ url, body: JSON.parse(body), beacon: true });
	}

	async fetch(url, options) {
		const { world } = this;
		const request = { url: new URL(url), ...options, sentAt: world.time, at: world.time, tab: this };
		if (options.method === 'POST') {
			world.calls.push({ url, body: JSON.parse(options.body), at: world.time });
			return world.answerCall?.(request) ?? { status: 204, ok: true };
		}
		const { signal } = options;
		const aborted = new Promise((_, reject) => {
			signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
		});
		aborted.catch(() => {});
		const latency = world.latency(request);
		const served = async () => {
			if (latency) {
				await world.pass(latency);
			}
			// One whose wait is over arrives all the same
			request.at = world.time;
			world.requests.push(request);
			return (signal.aborted || this.closed) ? never() : world.serve(request);
		};
		return Promise.race([served(), aborted]);
	}

	hide() {
		this.shown = false;
		this.fire('visibilitychange');
	}

	show() {
		this.shown = true;
		this.fire('visibilitychange');
	}

	/** Some browsers tell the page before, and some do not. */
	freeze({ told = false } = {}) {
		if (told) {
			this.fire('freeze');
		}
		this.told = told;
		this.frozen = true;
	}

	thaw() {
		this.frozen = false;
		this.thawedAt = this.world.time;
		if (this.told) {
			this.told = false;
			this.fire('resume');
		}
		this.queue.splice(0).forEach((run) => this.task(run));
	}

	/** The process of the tab is gone: no event, no message. */
	crash() {
		this.closed = true;
		this.frozen = true;
		this.channels.clear();
		this.streams.forEach((stream) => stream.gone());
		for (const [name, lock] of this.browser.held) {
			lock.queue = lock.queue.filter((place) => place.tab !== this);
			if (lock.holder?.tab === this) {
				lock.holder = undefined;
				this.browser.grant(name);
			}
		}
		this.browser.tabs.delete(this);
	}

	/** The user closes the tab, or leaves the page (persisted: into the back/forward cache). */
	close(persisted = false) {
		this.fire('pagehide', { persisted });
		if (!persisted) {
			this.crash();
		}
	}

}

/** A stream that a test writes to. */
export class ServerStream {

	constructor(request, { status = 200, type = 'text/event-stream;charset=utf-8', headers = {} } = {}) {
		this.request = request;
		this.ended = false;
		const stream = this;
		request.tab.streams.add(this);
		request.signal.addEventListener('abort', () => this.gone());
		const body = new ReadableStream({
			start(controller) {
				stream.controller = controller;
			},
			cancel() {
				stream.gone();
			},
		});
		this.response = new Response(body, { status, headers: { 'content-type': type, ...headers } });
	}

	gone() {
		this.aborted = true;
		this.end();
	}

	get open() {
		return !this.ended;
	}

	write(text) {
		if (!this.ended) {
			this.arrive(() => this.controller.enqueue(new TextEncoder().encode(text)));
		}
	}

	end() {
		if (!this.ended) {
			this.ended = true;
			this.arrive(() => this.controller.close());
		}
	}

	fail() {
		this.ended = true;
		this.arrive(() => this.controller.error(new TypeError('network error')));
	}

	/** What arrives at a frozen tab waits in its process. */
	arrive(act) {
		const guarded = () => {
			try {
				act();
			}
			catch {
				// it was aborted
			}
		};
		if (this.request.tab.frozen) {
			this.request.tab.queue.push(guarded);
		}
		else {
			guarded();
		}
	}

}

/** Fanfare in a few lines: a log, one stream per user, takeover and replacement, replay above the cursor. */
export class Server {

	constructor(world) {
		this.world = world;
		this.log = [];
		this.owners = new Map();
		this.tombstones = new Set();
		this.streams = [];
		this.seq = 0;
		this.refuse = () => undefined;
		world.serve = (request) => this.serve(request);
	}

	id() {
		return `${this.world.time}-${this.seq++}`;
	}

	head() {
		return this.log.at(-1)?.id ?? `${this.world.start}-0`;
	}

	serve(request) {
		const refusal = this.refuse(request);
		if (refusal) {
			return refusal;
		}
		const query = request.url.searchParams;
		const { headers } = request;
		const token = headers.Authorization?.slice(7);
		const user = JSON.parse(atob(token.split('.')[1])).sub;
		const client = query.get('client');
		const stream = new ServerStream(request);
		const tombstone = `${user} ${client}`;
		this.streams.push(stream);
		if (this.tombstones.has(tombstone)) {
			stream.write('id: k.1-0\nevent: push.kicked\ndata: {"reason":"takeover"}\n\n');
			stream.end();
			return stream.response;
		}
		const owner = this.owners.get(user);
		if (owner?.open) {
			if (owner.client !== client) {
				this.tombstones.add(`${user} ${owner.client}`);
				owner.write('id: k.1-0\nevent: push.kicked\ndata: {"reason":"takeover"}\n\n');
			}
			owner.end();
		}
		this.owners.set(user, stream);
		const from = headers['Last-Event-ID'] ?? this.head();
		Object.assign(stream, { client, user, channels: query.getAll('channel'), key: `n.${this.streams.length}` });
		stream.write(`retry: 2000\nid: ${from}\nevent: push.connected\ndata: ${JSON.stringify({ connection: `c.${this.streams.length}`,
			key: stream.key, client, node: 'n', user, heartbeatMs: 15_000 })}\n\n`);
		for (const message of this.log) {
			if (after(message.id, from)) {
				this.send(stream, message);
			}
		}
		const beat = () => this.world.timers.set(++this.world.timer, { at: this.world.time + 15_000, tab: {}, run: () => {
			stream.write(':\n');
			if (stream.open) {
				beat();
			}
		} });
		beat();
		return stream.response;
	}

	send(stream, { id, channel, event, data }) {
		if (!channel || stream.channels.includes(channel)) {
			stream.write(`id: ${id}\n${channel ? `channel: ${channel}\n` : ''}event: ${event}\ndata: ${data}\n\n`);
		}
	}

	publish(data, { channel, event = 'order' } = {}) {
		const message = { id: this.id(), channel, event, data: JSON.stringify(data) };
		this.log.push(message);
		this.owners.forEach((stream) => this.send(stream, message));
		return message.id;
	}

	/** Streams that are open. */
	get open() {
		return this.streams.filter((stream) => stream.open);
	}

}

function after(one, other) {
	const [ms, seq] = one.split('-').map(Number);
	const [otherMs, otherSeq] = other.split('-').map(Number);
	return ms > otherMs || (ms === otherMs && seq > otherSeq);
}

/** A token that nobody has signed. */
export const jwt = (sub, more = {}) => ['{}', JSON.stringify({ sub, ...more }), ''].map((part) => btoa(part)).join('.');
