// One event stream for all tabs. How: docs/decisions/0036. Types: types.js.

const SPACING = 500; // between two opens of a group
const LIVED = 10_000; // no failure
const SILENCE = 60_000;
const CHECK = 10_000;
const MAX_WAIT = 3_600_000;
const MAX_TOPICS = 32;
const BEAT = 1_000;
const MISSED = 3;
const COLLECT = 50;
const ELECTION = 300;
const TOKEN_NEXT = 2_000;
const TOKEN_LAST = 30_000;
const HIDDEN = 60_000;
const ACK_SOON = 1_000;
const ACK_PAUSE = 20_000;

const FINAL = ['kicked', 'failed', 'closed'];

const isId = (id) => /^\d{1,16}-\d{1,8}$/.test(id);

const rank = (cursor) => (isId(cursor) ? cursor.split('-').map((part) => part.padStart(16)).join() : '');

/** What is no id stands before all ids. */
const before = (one, other) => rank(one) < rank(other);

const lowest = (cursors) => cursors.sort((one, other) => (before(one, other) ? -1 : 1))[0];

const within = (topics, set) => topics.every((topic) => set.includes(topic));

function json(text) {
	try {
		return JSON.parse(text);
	}
	catch {
		return text;
	}
}

function claims(token) {
	try {
		return JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'))) ?? {};
	}
	catch {
		return {};
	}
}

const expired = (env, token) => claims(token).exp * 1_000 < env.now() + 5_000;

const beside = (url, call) => url.replace(/[?#].*/, '').replace(/\/sse$/, '/events') + '/' + call;

const reasonOf = (error) => String(error?.message || error);

const end = (env, url, key) => env.beacon(beside(url, 'close'), JSON.stringify({ key }));

/** Reads an event stream (HTML, 9.2.6). Blocks without data have null. @internal */
export class Parser {

	constructor(onBlock) {
		this.onBlock = onBlock;
		this.decoder = new TextDecoder(); // drops a first mark
		this.cr = false;
		this.rest = this.id = this.type = '';
		this.data = this.channel = null;
		this.retry = 0;
	}

	feed(chunk) {
		let text = this.decoder.decode(chunk, { stream: true });
		if (this.cr && text[0] === '\n') {
			text = text.slice(1);
			this.cr = false;
		}
		if (text) {
			this.cr = text.endsWith('\r');
			const lines = text.split(/\r\n|\n|\r/);
			lines[0] = this.rest + lines[0];
			this.rest = lines.pop();
			lines.forEach((line) => this.line(line));
		}
	}

	line(line) {
		if (line === '') {
			const { type, id, data, channel } = this;
			this.type = '';
			this.data = this.channel = null;
			this.onBlock({ type: type || 'message', id, data, channel });
			return;
		}
		const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
		if (field === 'data') {
			this.data = (this.data === null) ? value : `${this.data}\n${value}`;
		}
		else if (field === 'event') {
			this.type = value;
		}
		else if (field === 'channel') {
			this.channel = value;
		}
		else if (field === 'id' && !value.includes('\0')) {
			this.id = value;
		}
		else if (field === 'retry' && /^\d+$/.test(value)) {
			this.retry = Number(value);
		}
	}

}

/** The pause after so many others: full jitter. */
const pause = (env, pauses, { min = 1_000, max = Math.max(min, 30_000) } = {}) => env.random() * Math.min(max, min * 2 ** pauses);

/** Sends acknowledgements: nonces at once, ids soon, a cursor alone later. */
class Acks {

	constructor(env, url, stats) {
		Object.assign(this, { env, url, stats });
		this.nonces = [];
		this.ids = new Set();
		this.sentAt = -Infinity;
	}

	/** To another stream: what is left is acknowledged by it. */
	bind(key) {
		this.key = key;
		this.running = false;
		this.nonces = [];
		this.sent = undefined;
		this.schedule(ACK_SOON);
	}

	add({ cursor, ids = [], nonce }) {
		if (isId(cursor)) {
			this.cursor = cursor;
		}
		ids.filter(isId).forEach((id) => this.ids.add(id));
		if (nonce) {
			this.nonces.push(nonce);
			this.flush();
		}
		else if (this.ids.size) {
			this.schedule(ACK_SOON);
		}
		else {
			this.schedule(Math.max(ACK_SOON, Math.min(0, this.sentAt - this.env.now()) + ACK_PAUSE));
		}
	}

	schedule(delay) {
		const due = this.env.now() + delay;
		if (this.key && !(this.due <= due)) {
			this.env.clearTimeout(this.timer);
			this.due = due;
			this.timer = this.env.setTimeout(() => this.flush(), delay);
		}
	}

	async flush() {
		this.env.clearTimeout(this.timer);
		this.due = undefined;
		const { key, cursor } = this;
		const nonces = this.nonces.slice(0, 16);
		const ids = [...this.ids].slice(0, 100);
		if (!key || this.running || (!nonces.length && !ids.length && !before(this.sent, cursor))) {
			return;
		}
		this.running = true;
		this.sentAt = this.env.now();
		let status = 0;
		try {
			const body = JSON.stringify({ key, nonces, cursor, ids: ids.length ? ids : undefined });
			({ status } = await this.env.fetch(this.url, { method: 'POST', body, credentials: 'omit' }));
			this.stats.roundTrip = this.env.now() - this.sentAt;
		}
		catch {
			this.stats.errors++;
		}
		this.running = false;
		if (status === 404 && key === this.key) {
			this.key = undefined;
		}
		else if (status && status !== 404 && status !== 429 && status < 500) {
			ids.forEach((id) => this.ids.delete(id));
			this.nonces = this.nonces.filter((nonce) => !nonces.includes(nonce));
			this.sent = key === this.key ? cursor : undefined;
			if (this.nonces.length || this.ids.size) {
				this.schedule(ACK_SOON);
			}
		}
		else {
			this.schedule(5 * ACK_SOON);
		}
	}

}

/** Holds a stream open: `current` is connected, and read until `next` replaces it. */
class Stream {

	constructor(env, config, owner) {
		Object.assign(this, { env, config, owner });
		this.stats = { opens: 0, reconnects: 0, gaps: 0, errors: 0 };
		this.acks = new Acks(env, beside(config.url, 'ack'), this.stats);
		this.retry = this.pauses = this.failures = this.unauthorized = this.due = 0;
	}

	reopen(delay = 0) {
		if (!this.running) {
			this.running = true;
			this.pauses = this.failures = this.unauthorized = 0;
			this.watch();
		}
		else if (this.due) {
			return;
		}
		this.schedule(delay);
	}

	stop() {
		this.running = false;
		this.due = 0;
		this.env.clearTimeout(this.timer);
		this.env.clearTimeout(this.watchdog);
		this.next?.abort.abort();
		this.current?.abort.abort();
		this.next = this.current = undefined;
		this.acks.bind();
	}

	close() {
		if (this.current) {
			end(this.env, this.config.url, this.current.key);
		}
		this.stop();
	}

	/** Nothing shortens a pause that the server asked for. */
	schedule(delay, asked = false) {
		const now = this.env.now();
		delay = Math.max(delay, this.owner.group.space() - now);
		this.env.clearTimeout(this.timer);
		this.due = now + delay;
		this.asked = asked;
		this.timer = this.env.setTimeout(() => this.open(), delay);
	}

	/** Timers of hidden tabs are late; the pings of others are not. */
	tick() {
		if (this.due && this.env.now() >= this.due) {
			this.open();
		}
	}

	wake() {
		if (this.due && !this.asked) {
			this.schedule(0);
		}
		const silence = 1.5 * (this.current?.heartbeatMs ?? SILENCE);
		this.env.setTimeout(() => this.inspect(silence), BEAT);
	}

	watch() {
		this.watchdog = this.env.setTimeout(() => {
			this.inspect(SILENCE);
			if (this.running) {
				this.owner.onWatch();
				this.watch();
			}
		}, CHECK);
	}

	inspect(silence) {
		for (const attempt of [this.current, this.next]) {
			if (attempt && this.running) {
				attempt.at = Math.min(attempt.at, this.env.now()); // clocks are set back
				if (this.env.now() - attempt.at > Math.max(silence, 1.5 * (attempt.heartbeatMs ?? 0))) {
					attempt.reason = 'silent';
					this.ended(attempt);
				}
			}
		}
	}

	open() {
		if (this.owner.group.space() > this.env.now()) { // its token came late, or another page opened
			return this.schedule(0, this.asked);
		}
		this.env.clearTimeout(this.timer);
		this.due = 0;
		this.next?.abort.abort();
		this.owner.group.space(SPACING);
		const plan = this.owner.plan();
		const attempt = this.next = { plan, abort: new AbortController(), at: this.env.now(), wait: 0, cursor: plan.from };
		if (!this.current) {
			this.owner.onState({ name: 'connecting' });
		}
		this.read(attempt).catch((error) => {
			this.owner.group.space(SPACING);
			attempt.reason ??= error.final ? error.message : `not reached (${error.message})`;
			attempt.final = error.final;
		}).then(() => {
			if (attempt === this.next || attempt === this.current) {
				this.ended(attempt);
			}
		});
	}

	async read(attempt) {
		const { plan, abort: { signal } } = attempt;
		const token = await this.owner.token();
		if (signal.aborted) {
			return;
		}
		const address = new URL(this.config.url);
		const { client, page } = this.owner;
		const { heartbeat } = this.config;
		Object.entries({ client, page, ack: 1, ...(heartbeat && { heartbeat }) }).forEach(([name, value]) => address.searchParams.set(name, value));
		plan.channels.forEach((channel) => address.searchParams.append('channel', channel));
		const headers = { Accept: 'text/event-stream' };
		if (token) {
			headers.Authorization = `Bearer ${token}`;
		}
		if (plan.from) {
			headers['Last-Event-ID'] = plan.from;
		}
		attempt.at = this.env.now();
		this.owner.group.space(2 * SPACING);
		this.owner.tell();
		this.stats.opens++;
		const response = await this.env.fetch(address.href, { headers, signal, cache: 'no-store',
			credentials: token ? 'omit' : 'include' });
		attempt.at = this.env.now();
		this.owner.group.space(SPACING);
		const type = response.headers.get('content-type') ?? '';
		if (response.status !== 200 || !/^text\/event-stream *(;|$)/i.test(type)) {
			const problem = /json/.test(type) ? await response.json().catch(() => ({})) : {};
			attempt.status = response.status;
			attempt.reason = problem.detail ?? problem.title ?? `HTTP ${response.status}, no stream`;
			const after = response.headers.get('retry-after');
			attempt.wait = (after * 1_000 || Date.parse(after) - this.env.now()) || 0;
			return;
		}
		const parser = new Parser((block) => this.block(attempt, block));
		const reader = response.body.getReader();
		for (let part; !(part = await reader.read()).done;) {
			if (signal.aborted) {
				return;
			}
			attempt.at = this.env.now();
			parser.feed(part.value);
			this.retry = parser.retry || this.retry;
		}
	}

	block(attempt, block) {
		if (attempt !== this.current && attempt !== this.next) {
			return;
		}
		const { type, id, data } = block;
		const value = (type.startsWith('push.') && json(data)) || {};
		if (type === 'push.connected' && attempt === this.next) {
			this.connected(attempt, value);
		}
		const back = type === 'push.gap' && value.reason === 'cursor-ahead' && value.to;
		if (back || (isId(id) && !before(id, attempt.cursor))) {
			attempt.cursor = back || id;
		}
		switch (type) {
			case 'push.waiting':
				attempt.heartbeatMs = value.heartbeatMs;
				if (!this.current) {
					const { position, total, estimateMs } = value;
					this.owner.onState({ name: 'waiting', position, total, estimateMs });
				}
				break;
			case 'push.busy':
			case 'push.goaway':
				attempt.wait = value.retryMs ?? value.afterMs ?? 0;
				attempt.reason = value.reason;
				if (value.reason === 'token-expired') {
					this.owner.dropToken();
				}
				break;
			case 'push.kicked':
				this.finish({ name: 'kicked', reason: value.reason, message: value.message });
				break;
			case 'push.expiring':
				if (value.reason === 'token') {
					this.owner.dropToken();
				}
				if (attempt === this.current) {
					this.reopen(Math.max(0, attempt.connectedAt + 4 * SPACING - this.env.now()));
				}
				break;
			case 'push.probe':
				this.acks.add({ nonce: value.nonce });
				break;
			case 'push.gap':
				this.stats.gaps++;
		}
		if (attempt === this.current || type === 'push.kicked') {
			this.owner.onBlock(block);
		}
	}

	connected(attempt, { key, connection, heartbeatMs }) {
		Object.assign(attempt, { key, connection, heartbeatMs, connectedAt: this.env.now() });
		this.current?.abort.abort();
		this.current = attempt;
		this.next = undefined;
		this.unauthorized = 0;
		this.stats.reconnects += this.lives ?? 0;
		this.lives = 1;
		this.acks.bind(key);
		this.owner.onConnected(attempt.plan);
		this.owner.onState({ name: 'open' });
	}

	ended(attempt) {
		const { status, connectedAt, final, reason = 'ended' } = attempt;
		const failed = { name: 'failed', status, reason };
		let { wait } = attempt;
		attempt.abort.abort();
		if (attempt === this.next) {
			this.next = undefined;
		}
		else {
			this.current = undefined;
			this.acks.bind();
			if (this.next) {
				return this.owner.onState({ name: 'connecting' });
			}
			if (this.due) {
				return this.retrying(reason);
			}
			if (!attempt.reason) {
				this.owner.onReplaced();
			}
		}
		if (status === 401) {
			this.owner.dropToken();
			this.unauthorized++;
		}
		if (status === 403 || status === 400) {
			if (this.owner.onRefused(failed)) {
				return this.schedule(0);
			}
			return this.fail(failed);
		}
		if (final || this.unauthorized > 1) {
			return this.fail(failed);
		}
		if (connectedAt && this.env.now() - connectedAt >= LIVED) {
			this.pauses = this.failures = 0;
		}
		else if (wait < SPACING) {
			this.stats.errors++;
			if (++this.failures >= this.config.maxAttempts) {
				return this.fail(failed);
			}
		}
		const asked = wait >= SPACING;
		wait = asked ? wait : Math.max(this.retry, pause(this.env, this.pauses++, this.config.backoff));
		this.schedule(Math.min(wait, MAX_WAIT), asked);
		this.retrying(reason);
	}

	retrying(reason) {
		if (!this.current) {
			this.owner.onState({ name: 'reconnecting', at: this.due, reason });
		}
	}

	/** For good, unless a stream is still connected. */
	fail(state) {
		if (!this.current) {
			this.finish(state);
		}
	}

	finish(state) {
		this.stop();
		this.owner.onState(state);
	}

}
/** Leads the tabs of a group. */
class Hub {

	constructor(env, group, since) {
		Object.assign(this, { env, group, since, client: group.client, page: group.page });
		this.tabs = new Map();
		this.accepted = [];
		this.state = FINAL.includes(group.state.name) ? group.state : { name: 'connecting' };
		this.stream = new Stream(env, { ...group.options, url: group.url }, this);
		this.asks = new Map();
		this.asked = 0;
	}

	start(collect) {
		this.announce();
		this.ready = !collect;
		this.timer = this.env.setTimeout(() => {
			this.ready = true;
			this.sync();
		}, collect);
	}

	stop() {
		this.stopped = true;
		this.env.clearTimeout(this.timer);
		this.stream.stop();
	}

	post(kind, message) {
		if (!this.stopped) {
			this.group.post({ kind, hub: this.group.id, since: this.since, nextAt: this.group.nextAt, ...message });
		}
	}

	announce() {
		this.post('lead', { client: this.client, page: this.page, state: this.state });
	}

	receive(message) {
		const tab = this.tabs.get(message.tab);
		if (this.stopped) {
			return;
		}
		if (tab) {
			tab.missed = 0;
		}
		switch (message.kind) {
			case 'join':
				if (message.led === this.since) {
					this.join(message);
				}
				break;
			case 'leave':
				this.tabs.delete(message.tab);
				this.sync();
				this.tell();
				break;
			case 'ping':
				this.stream.tick();
				this.post('pong', { stats: this.stats() });
				if (!tab) {
					this.announce();
				}
				break;
			case 'ack':
				if (tab) {
					tab.acked = message.at;
					const acked = [...this.tabs.values()].filter((other) => other.welcome && other.missed < 2).map((other) => other.acked ?? '');
					this.stream.acks.add({ ids: message.ids, cursor: lowest(acked) });
				}
				break;
			case 'token':
				this.asks.get(message.ask)?.(message);
				break;
			case 'wake':
				this.stream.wake();
				break;
			case 'takeover':
				if (FINAL.includes(this.state.name)) {
					this.restart();
				}
		}
	}

	join({ tab: id, at, channels, visible, fresh, again }) {
		let tab = this.tabs.get(id);
		const known = tab && !again;
		if (!known) {
			this.tabs.set(id, tab = { id, at, acked: at, missed: 0 });
		}
		this.changed ||= known && String(tab.channels) !== String(channels);
		Object.assign(tab, { channels, visible });
		if (fresh && !known && FINAL.includes(this.state.name)) {
			this.restart(); // a page that was loaded takes over
		}
		this.sync();
		if (!known) {
			this.tell();
		}
	}

	restart() {
		if (this.state.name === 'kicked') {
			this.client = random(this.env);
		}
		this.state = { name: 'connecting' };
		this.dropToken();
		this.sync();
		this.tell();
	}

	/** Welcomes the tabs that the stream serves, and opens another one for the others. */
	sync() {
		const { stream, tabs, state } = this;
		const { current, next } = stream;
		if (!this.ready || this.stopped) {
			return;
		}
		if (!tabs.size) {
			this.cursor = undefined;
			return stream.close();
		}
		if (FINAL.includes(state.name)) {
			return;
		}
		if (current) {
			tabs.forEach((tab) => this.serves(tab, current.plan, current.cursor) && this.welcome(tab, current.cursor));
		}
		for (const tab of [...tabs.values()].reverse()) {
			if (this.topics().length > MAX_TOPICS && !within(tab.channels, this.accepted)) {
				this.refuse(tab, { name: 'failed', reason: `more than ${MAX_TOPICS} topics` });
			}
		}
		const topics = this.topics();
		const served = current && within(topics, current.plan.channels) && this.served().every((tab) => tab.welcome)
			&& !(this.changed && !within(current.plan.channels, topics));
		if (!next && !served) {
			stream.reopen();
		}
	}

	/** The tabs to serve: after a refusal one more at a time. */
	served() {
		const { accepted, careful } = this;
		const tabs = [...this.tabs.values()];
		const first = tabs.find((tab) => !within(tab.channels, accepted));
		return careful ? tabs.filter((tab) => tab === first || within(tab.channels, accepted)) : tabs;
	}

	topics() {
		return [...new Set(this.served().flatMap((tab) => tab.channels))].sort();
	}

	serves(tab, plan, cursor) {
		return within(tab.channels, plan.channels)
			&& (tab.at === undefined || tab.at === cursor || (cursor !== undefined && !before(tab.at, cursor)));
	}

	welcome(tab, at) {
		if (!tab.welcome) {
			tab.welcome = true;
			this.post('welcome', { to: tab.id, at });
			this.tell();
		}
	}

	tell() {
		this.post('state', { state: this.state, client: this.client, page: this.page, key: this.stream.current?.key,
			count: this.tabs.size, stats: this.stats() });
	}

	stats() {
		const { stats, current } = this.stream;
		return { ...stats, connections: current ? [{ id: current.connection, since: current.connectedAt, tab: this.group.id }] : [] };
	}

	plan() {
		this.changed = false;
		const waiting = [...this.tabs.values()].filter((tab) => !tab.welcome).map((tab) => tab.at);
		return { channels: this.topics(), from: lowest([...waiting, this.stream.current?.cursor ?? this.cursor]) };
	}

	onConnected(plan) {
		this.accepted = plan.channels;
		this.careful &&= [...this.tabs.values()].some((tab) => !within(tab.channels, this.accepted));
		this.tabs.forEach((tab) => this.serves(tab, plan, plan.from) && this.welcome(tab));
	}

	onState(state) {
		this.state = state;
		this.tell();
		this.sync();
	}

	onBlock({ type, id, data, channel }) {
		this.cursor = this.stream.current?.cursor ?? this.cursor;
		if (type === 'push.unsubscribed') {
			const gone = json(data)?.channel;
			this.tabs.forEach((tab) => {
				tab.channels = tab.channels.filter((topic) => topic !== gone);
			});
		}
		if (data !== null || isId(id)) {
			this.post('block', { type, id, data, channel });
		}
	}

	onReplaced() {
		this.group.say('who');
	}

	onWatch() {
		for (const tab of this.tabs.values()) {
			if (++tab.missed > MISSED) {
				this.tabs.delete(tab.id);
				this.post('gone', { to: tab.id });
			}
		}
		this.announce();
		this.sync();
	}

	/** Whether to try again: with a token of the tab that asked, or without that tab. */
	onRefused(state) {
		const asked = this.served().filter((tab) => !within(tab.channels, this.accepted));
		const [tab] = asked;
		if (asked.length > 1) {
			this.careful = true;
		}
		else if (tab && this.reused) {
			tab.asks = true;
			this.dropToken();
		}
		else if (tab) {
			this.refuse(tab, state);
		}
		return !!tab;
	}

	refuse(tab, state) {
		this.tabs.delete(tab.id);
		this.post('refused', { to: tab.id, state });
	}

	dropToken() {
		this.cached = undefined;
	}

	async token() {
		this.reused = this.cached && !expired(this.env, this.cached.token);
		if (this.reused) {
			return this.cached.token;
		}
		this.asking ??= this.ask().finally(() => {
			this.asking = undefined;
		});
		this.cached = await this.asking;
		return this.cached.token;
	}

	/** Functions cannot cross into another tab or a worker: one is asked, then the next. */
	ask() {
		const worth = (tab) => (tab.asks ? 4 : 0) + (tab.id === this.group.id ? 2 : 0) + (tab.visible ? 1 : 0) - tab.missed;
		const left = [...this.tabs.values()].sort((one, other) => worth(other) - worth(one));
		const ask = ++this.asked;
		const timers = [];
		let pending = 0;
		let final = false;
		return new Promise((resolve, reject) => {
			const next = (problem) => {
				const tab = left.shift();
				if (tab) {
					pending++;
					this.post('ask', { to: tab.id, ask });
					timers.push(this.env.setTimeout(next, TOKEN_NEXT));
				}
				else if (problem && !pending) {
					reject(Object.assign(new Error(problem), { final }));
				}
			};
			timers.push(this.env.setTimeout(() => reject(new Error('no tab has a token')), TOKEN_LAST));
			this.asks.set(ask, ({ token, problem = token === null && 'no token' }) => {
				if (problem) {
					final ||= token === null;
					pending--;
					next(problem);
				}
				else {
					resolve({ token });
				}
			});
			next('no tab');
		}).finally(() => {
			this.asks.delete(ask);
			timers.forEach((timer) => this.env.clearTimeout(timer));
		});
	}

}

const random = (env) => env.crypto.getRandomValues(new Uint32Array(4)).join('-');

/** This page among the tabs of a user: follows the one that leads, or leads. In a worker it is no tab. @internal */
export class Group {

	constructor(env, url, options, worker = false) {
		Object.assign(this, { env, url, options, worker });
		this.id = random(env);
		this.page = random(env);
		this.members = new Set();
		this.state = Object.freeze({ name: 'connecting' });
		this.led = this.missed = this.nextAt = 0;
		this.count = 1;
		this.heard = { opens: 0, reconnects: 0, gaps: 0, errors: 0, connections: [] };
		this.acked = [];
		this.fresh = this.left = true;
	}

	async start() {
		const { tabs = 'shared', user, backoff, maxAttempts } = this.options;
		const share = tabs === 'shared' && this.env.BroadcastChannel;
		let name = user;
		let failures = 0;
		while (share && name === undefined && !this.closed) {
			try {
				let late;
				this.first = await Promise.race([this.token(), new Promise((_, reject) => {
					late = this.env.setTimeout(() => reject('no token'), TOKEN_LAST);
				})]).finally(() => this.env.clearTimeout(late));
				if (this.first === null) {
					return this.setState({ name: 'failed', reason: 'no token' });
				}
				name = this.sub = claims(this.first).sub ?? null;
			}
			catch (error) {
				const reason = reasonOf(error);
				const wait = Math.max(SPACING, pause(this.env, failures, backoff));
				if (++failures >= maxAttempts) {
					return this.setState({ name: 'failed', reason });
				}
				this.setState({ name: 'reconnecting', at: this.env.now() + wait, reason });
				await new Promise((resolve) => this.env.setTimeout(resolve, wait));
			}
		}
		if (this.closed) {
			return;
		}
		this.shared = share && name !== null;
		this.name = `fanfare.2 ${this.url} ${name}`; // other messages: another number
		const { client, cursor, nextAt } = this.store('sessionStorage', null); // a duplicate of this tab finds nothing
		this.client = client ?? random(this.env);
		this.nextAt = nextAt;
		this.members.forEach((member) => this.options.keepCursor && member.begin(cursor));
		this.listen();
		this.enter();
	}

	get stats() {
		return this.hub?.stats() ?? this.heard;
	}

	/** Returns what is stored, and stores `value`; null removes it. */
	store(kind, value) {
		try {
			const storage = this.env.storage(kind);
			const old = storage.getItem(this.name);
			const text = JSON.stringify(value);
			if (value === null) {
				storage.removeItem(this.name);
			}
			else if (text && text !== old) {
				storage.setItem(this.name, text);
			}
			return json(old) ?? {};
		}
		catch {
			return {};
		}
	}

	/** When the group may open its next stream. Clocks are set back. */
	space(ms, told = this.store('localStorage').nextAt) {
		const now = this.env.now();
		const near = (at) => (at <= now + 2 * SPACING ? at : 0);
		return (this.nextAt = Math.max(near(this.nextAt), near(told), ms ? now + ms : 0));
	}

	listen() {
		const { env } = this;
		const { signal } = this.off = new AbortController();
		const away = ({ persisted = true }) => {
			if (!this.left) {
				this.store('sessionStorage', {
					client: (this.shared || FINAL.includes(this.state.name)) ? undefined : this.client,
					cursor: this.options.keepCursor ? this.at() : undefined,
					nextAt: this.nextAt,
				});
				this.away = true;
				this.leave(!persisted);
			}
		};
		const back = ({ persisted = true }) => {
			if (persisted && this.away && this.state.reason !== 'hidden') {
				this.store('sessionStorage', null);
				this.enter();
			}
		};
		env.listen('online', () => this.say('wake'), signal);
		env.listen('visibilitychange', () => this.seen(), signal);
		env.listen('pagehide', away, signal);
		env.listen('freeze', away, signal); // the stream does, answers to pings do not
		env.listen('pageshow', back, signal);
		env.listen('resume', back, signal);
		this.seen();
	}

	seen() {
		const { env } = this;
		env.clearTimeout(this.hiding);
		if (env.visible()) {
			if (this.away && this.state.reason === 'hidden') {
				this.enter();
			}
			this.say('wake');
			this.beat();
			this.join();
		}
		else if (this.options.whenHidden === 'close') {
			this.hiding = env.setTimeout(() => {
				if (!this.left && !FINAL.includes(this.state.name)) {
					this.away = true;
					this.leave(true);
					this.setState({ name: 'closed', reason: 'hidden' });
				}
			}, HIDDEN);
		}
	}

	enter() {
		this.left = this.away = this.joined = false;
		this.led = this.missed = 0;
		if (!FINAL.includes(this.state.name) || this.state.reason === 'hidden') {
			this.setState({ name: 'connecting' });
		}
		if (!this.shared) {
			return this.lead();
		}
		this.channel = new this.env.BroadcastChannel(this.name);
		this.channel.onmessage = ({ data }) => this.receive(data);
		this.say('who');
		this.beat();
		if (this.worker || !this.hire()) {
			this.contend();
		}
	}

	/** Lets a SharedWorker lead. */
	hire() {
		const { env } = this;
		const { worker, backoff, maxAttempts, heartbeat } = this.options;
		try {
			if (!worker || new URL(worker, env.href).origin !== new URL(env.href).origin) {
				return false;
			}
			const hired = new env.SharedWorker(worker, { type: 'module', name: this.name });
			hired.onerror = () => this.contend();
			const { client = this.client } = this.store('localStorage');
			hired.port.postMessage({ url: this.url, name: this.name, client, nextAt: this.space(),
				options: { backoff, maxAttempts, heartbeat } });
		}
		catch {
			return false;
		}
		env.setTimeout(() => this.contend(), MISSED * BEAT);
		return true;
	}

	/** With `close` the last tab ends the stream on the server as well. */
	leave(close) {
		if (this.left) {
			return;
		}
		if (close && this.key && this.count <= 1) {
			end(this.env, this.url, this.key);
		}
		this.say('leave');
		this.hub?.post('bye');
		this.resign();
		this.left = true;
		this.joined = false;
		this.waiting?.abort();
		this.waiting = this.electing = undefined;
		this.env.clearTimeout(this.beating);
		this.channel?.close();
		this.channel = undefined;
	}

	/** To lead when no other page does, or in place of a silent one. */
	contend(steal) {
		if (this.left || this.hub || this.electing || (this.waiting && !steal)) {
			return;
		}
		if (!this.env.locks || this.lockless) {
			return this.elect();
		}
		this.waiting?.abort();
		const waiting = this.waiting = new AbortController();
		const mine = () => this.waiting === waiting;
		let held = false;
		const hold = () => mine() && new Promise((release) => {
			held = true;
			this.release = release;
			this.lead();
		});
		this.env.locks.request(this.name, steal ? { steal } : { signal: waiting.signal }, hold).catch(() => {}).then(() => {
			if (mine()) {
				this.waiting = undefined;
				this.lockless = !held;
				this.resign();
				this.contend();
			}
		});
	}

	/** Without locks the lowest id leads. Of two leaders the later one stays. */
	elect() {
		const { led } = this;
		const election = this.electing = { lost: false };
		this.say('claim');
		this.env.setTimeout(() => {
			if (this.electing === election) {
				this.electing = undefined;
				if (!election.lost) {
					this.lead();
				}
				else {
					this.env.setTimeout(() => this.led === led && this.contend(), BEAT);
				}
			}
		}, ELECTION);
	}

	lead() {
		if (!this.left && !this.hub) {
			if (this.shared) {
				this.client = this.store('localStorage').client ?? this.client;
			}
			this.hub = new Hub(this.env, this, Math.max(this.env.now(), this.led) + this.env.random() + 1);
			this.hub.start(this.shared ? COLLECT : 0);
		}
	}

	resign() {
		const { hub, release } = this;
		this.hub = this.release = undefined;
		hub?.stop();
		release?.();
	}

	beat() {
		const { env } = this;
		env.clearTimeout(this.beating);
		if (this.left || !this.shared || this.worker || !env.visible()) {
			this.missed = 0;
			return;
		}
		this.beating = env.setTimeout(() => this.beat(), BEAT);
		if (this.hub) {
			return;
		}
		if (++this.missed < MISSED) {
			this.say('ping');
		}
		else {
			this.missed = 0;
			this.contend(true);
		}
	}

	say(kind, message) {
		this.post({ kind, tab: this.id, ...message });
	}

	post(message) {
		this.channel?.postMessage(message);
		queueMicrotask(() => this.receive(message));
	}

	receive(message) {
		const { kind, hub, since } = message;
		if (this.left) {
			return;
		}
		if (!hub) {
			return this.request(message);
		}
		this.space(0, message.nextAt);
		if (since < this.led) {
			return this.hub?.announce();
		}
		this.missed = 0;
		this.electing = undefined;
		if (since > this.led) {
			this.led = since;
			this.joined = false;
			if (this.hub && this.hub.since !== since) {
				this.resign();
			}
		}
		if (message.to && message.to !== this.id) {
			return;
		}
		switch (kind) {
			case 'gone':
				this.joined = false;
				break;
			case 'lead':
				this.page = message.page;
				this.join();
				if (this.env.locks && !this.lockless) {
					this.contend();
				}
				break;
			case 'bye':
				this.contend();
				break;
			case 'welcome':
				this.joined = true;
				this.first = undefined;
				this.members.forEach((member) => member.begin(message.at));
				break;
			case 'state':
				this.follow(message);
				break;
			case 'pong':
				this.heard = message.stats;
				break;
			case 'block':
				if (this.joined) {
					this.members.forEach((member) => member.receive(message));
					this.acknowledge();
				}
				break;
			case 'ask':
				this.answer(message.ask);
				break;
			case 'refused':
				this.leave(false);
				this.setState(message.state);
		}
	}

	request(message) {
		const { kind, tab } = message;
		if (kind === 'who') {
			this.hub?.announce();
		}
		else if (kind !== 'claim') {
			this.hub?.receive(message);
		}
		else if (this.hub) {
			this.hub.announce();
		}
		else if (this.electing && tab !== this.id) {
			this.electing.lost ||= tab < this.id;
			if (tab > this.id && !message.again) {
				this.say('claim', { again: true });
			}
		}
	}

	follow({ state, client, page, key, count, stats }) {
		Object.assign(this, { client, page, key, count, heard: stats });
		if (this.shared && (this.hub || this.options.worker)) { // a worker has no storage
			this.store('localStorage', state.name === 'kicked' ? null : { client, nextAt: this.space() });
		}
		this.setState(state);
	}

	setState(state) {
		if (JSON.stringify(state) !== JSON.stringify(this.state)) {
			this.state = Object.freeze(state);
			if (this.options.debug) {
				this.env.console.debug('fanfare', this.url, state);
			}
			if (state.reason === 'takeover' && !this.shared) {
				this.env.console.warn('fanfare: another tab or device took over: this tab shares no stream');
			}
			this.members.forEach((member) => member.changed());
		}
	}

	update(again = false) {
		this.again ||= again;
		this.joined &&= !again;
		this.updating ??= queueMicrotask(() => {
			this.updating = undefined;
			this.join();
		}) ?? true;
	}

	join() {
		if (!this.worker && !this.left && this.led) {
			const channels = [...new Set([...this.members].flatMap((member) => [...member.channels]))].sort();
			this.say('join', { led: this.led, at: this.at(), channels, visible: this.env.visible(), fresh: this.fresh, again: this.again });
			this.again = this.fresh = false;
		}
	}

	at() {
		return lowest([...this.members].map((member) => member.position));
	}

	acknowledge() {
		this.acking ??= this.env.setTimeout(() => {
			this.acking = undefined;
			const at = lowest([...this.members].map((member) => member.acknowledged));
			this.say('ack', { at, ids: this.acked.splice(0) });
		}, ACK_SOON);
	}

	async token() {
		const { first } = this;
		this.first = undefined;
		const source = [...this.members].map((member) => member.options.token).find(Boolean);
		if (first && !expired(this.env, first)) {
			return first;
		}
		const token = source ? await source() || null : undefined;
		if (token && !/^[\w=+/-]+\.[\w=+/.-]*\s*$/.test(token)) {
			throw new Error('no token');
		}
		return (token && this.sub && claims(token).sub !== this.sub) ? null : token;
	}

	async answer(ask) {
		const answer = await this.token().then((token) => ({ token }), (error) => ({ problem: reasonOf(error) }));
		this.say('token', { ask, ...answer });
	}

	add(member) {
		member.begin(member.options.lastEventId ?? this.at());
		this.members.add(member);
		this.update(!this.left && (member.channels.size || member.options.lastEventId !== undefined));
	}

	remove(member) {
		this.members.delete(member);
		if (this.members.size) {
			return this.update();
		}
		this.closed = true;
		this.off?.abort();
		this.env.clearTimeout(this.hiding);
		this.leave(true);
		this.env.groups.delete(groupOf(this.url, this.options));
	}

	takeOver() {
		this.fresh = true;
		if (!this.left) {
			return this.say('takeover');
		}
		if (FINAL.includes(this.state.name)) {
			this.setState({ name: 'connecting' });
			this[this.name ? 'enter' : 'start']();
		}
	}

}

/** What `connect` returns. @internal */
class Member {

	#group;
	#listeners = new Map();
	#watchers = new Set();
	#open = new Map();
	#counts = { messages: 0, duplicates: 0, errors: 0 };
	#closed;

	constructor(group, options) {
		this.#group = group;
		this.options = options;
		this.channels = new Set(options.channels);
		this.position = undefined;
	}

	get state() {
		return this.#closed ?? this.#group.state;
	}

	on(type, listener, { ack } = {}) {
		const entry = { listener, manual: ack === 'manual' };
		const entries = this.#listeners.get(type) ?? new Set();
		this.#listeners.set(type, entries.add(entry));
		return () => entries.delete(entry);
	}

	onState(listener) {
		const watcher = () => listener(this.state);
		this.#watchers.add(watcher);
		return () => this.#watchers.delete(watcher);
	}

	onGap(listener) {
		return this.on('push.gap', listener);
	}

	subscribe(topic) {
		const known = this.channels.has(named(topic));
		this.channels.add(topic);
		this.#group.update(!known);
	}

	unsubscribe(topic) {
		this.channels.delete(named(topic));
		this.#group.update();
	}

	takeOver() {
		if (!this.#closed) {
			this.#group.takeOver();
		}
	}

	close() {
		if (!this.#closed) {
			this.#closed = Object.freeze({ name: 'closed' });
			this.#group.remove(this);
			this.changed();
		}
	}

	stats() {
		const { env, stats, id, count } = this.#group;
		const { errors, ...counts } = this.#counts;
		const connections = [...env.groups.values()].flatMap((group) => group.stats.connections.map((stream) => ({ ...stream, url: group.url })));
		return { ...stats, ...counts, connections, errors: stats.errors + errors, lastEvent: this.position, tab: id, tabs: count };
	}

	debug() {
		const { connections, ...counts } = this.stats();
		const { console } = this.#group.env;
		console.table(connections);
		console.table({ ...counts, state: this.state.name });
	}

	get acknowledged() {
		return this.#open.size ? this.#open.values().next().value : this.position;
	}

	begin(position) {
		this.position ??= position;
	}

	changed() {
		this.#watchers.forEach((watcher) => this.#call(watcher));
	}

	receive({ type, id, data, channel }) {
		const { position, channels } = this;
		const platform = type.startsWith('push.');
		const value = (data === null) ? undefined : json(data);
		const info = (platform && value) || {};
		const ordered = isId(id) && data !== null && (!platform || (type === 'push.retracted' && info.id));
		if (ordered && position !== undefined && !before(position, id)) {
			this.#counts.duplicates++;
			return;
		}
		if (info.reason === 'retention' && position !== undefined && !before(position, info.to)) {
			return;
		}
		if (info.reason === 'cursor-ahead') {
			this.position = info.to;
		}
		else if (isId(id) && !before(id, position)) {
			this.position = id;
		}
		const topics = info.channels ?? [channel ?? 'all'];
		if (data !== null && topics.some((topic) => /^(all$|user:)/.test(topic) || channels.has(topic))) {
			this.#counts.messages += platform ? 0 : 1;
			this.#dispatch({ type, id, data, channel }, value, [type, ...(platform ? [] : ['*'])], position);
		}
		if (type === 'push.unsubscribed') {
			channels.delete(info.channel);
		}
	}

	#dispatch(event, value, types, position) {
		const entries = types.flatMap((type) => [...this.#listeners.get(type) ?? []]);
		const { id } = event;
		let open = isId(id) ? entries.filter((entry) => entry.manual).length : 0;
		if (open) {
			this.#open.set(id, position);
		}
		for (const { listener, manual } of entries) {
			let once = manual && open;
			const ack = () => {
				if (once && --open === 0) {
					this.#open.delete(id);
					this.#group.acked.push(id);
					this.#group.acknowledge();
				}
				once = false;
			};
			this.#call(listener, value, manual ? { ...event, ack } : event);
		}
	}

	#call(listener, ...values) {
		try {
			listener(...values);
		}
		catch (error) {
			this.#counts.errors++;
			this.#group.env.console.error(error);
		}
	}

}

/** Types or values of options. */
const OPTIONS = {
	token: ['function'],
	channels: ['array'],
	tabs: ['shared', 'each'],
	whenHidden: ['keep', 'close'],
	maxAttempts: ['number'],
	backoff: ['object'],
	lastEventId: ['string'],
	user: ['string'],
	worker: ['string', 'object'],
	keepCursor: ['boolean'],
	heartbeat: ['event'],
	debug: ['boolean'],
};

function check(right, name, wanted) {
	if (!right) {
		throw new TypeError(`${name}: ${wanted} expected`);
	}
}

function named(topic) {
	check(topic && typeof topic === 'string', 'channels', 'strings');
	return topic;
}

const groupOf = (address, { user = '' }) => `${address} ${user}`;

let page;

/** The page's own. @internal */
export function globals() {
	const scope = globalThis;
	const { navigator, document, console, crypto, BroadcastChannel, SharedWorker } = scope;
	return page ??= {
		groups: new Map(),
		console,
		crypto,
		href: scope.location?.href,
		locks: navigator?.locks,
		BroadcastChannel,
		SharedWorker,
		fetch: (...values) => scope.fetch(...values),
		setTimeout: (...values) => scope.setTimeout(...values),
		clearTimeout: (...values) => scope.clearTimeout(...values),
		now: () => Date.now(),
		random: () => Math.random(),
		visible: () => document?.visibilityState !== 'hidden',
		listen(type, listener, signal) {
			const own = (event) => [scope, document].includes(event.target) && listener(event); // not an element's
			scope.addEventListener?.(type, own, { signal, capture: true });
		},
		storage: (kind) => scope[kind],
		beacon(url, body) {
			if (!navigator?.sendBeacon?.(url, body)) {
				scope.fetch(url, { method: 'POST', body, credentials: 'omit', keepalive: true }).catch(() => {});
			}
		},
	};
}

/** @typedef {import('./types.js').Options} Options */
/** @typedef {import('./types.js').State} State */
/** @typedef {import('./types.js').PushEvent} PushEvent */
/** @typedef {import('./types.js').Push} Push */

/**
 * Opens the stream of an address, or shares the one that is open.
 * @param {string | URL} url of the stream, such as `https://push.example/events`
 * @param {Options} [options]
 * @returns {Push}
 */
export function connect(url, options = {}, env = globals()) {
	options = { ...options }; // the caller may change its own
	for (const [name, value] of Object.entries(options)) {
		const wanted = OPTIONS[name] ?? ['nothing'];
		const type = Array.isArray(value) ? 'array' : typeof value;
		check(value === undefined || wanted.includes(value) || wanted.includes(type), name, wanted.join(' or '));
	}
	const { channels = [], maxAttempts = 1, backoff = {}, lastEventId = 'earliest' } = options;
	channels.forEach(named);
	check(maxAttempts >= 1, 'maxAttempts', '1 or more');
	check(/^[!-~]{1,256}$/.test(lastEventId), 'lastEventId', 'id or earliest');
	const { min = 1, max = MAX_WAIT } = backoff ?? { min: 0 };
	check(min > 0 && min <= max && max <= MAX_WAIT, 'backoff', '{min, max} in ms');
	const address = new URL(url, env.href).href;
	const key = groupOf(address, options);
	let group = env.groups.get(key);
	if (!group) {
		group = new Group(env, address, options);
		env.groups.set(key, group);
		queueMicrotask(() => group.start());
		if (env.groups.size > 2) {
			env.console.warn(`fanfare: ${env.groups.size} streams. Over HTTP/1.1 browsers open six per server`);
		}
	}
	const push = new Member(group, options);
	group.add(push);
	return push;
}
