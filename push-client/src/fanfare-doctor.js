// Fanfare's doctor: names what lies between a client and a node. A module of its own, which pages load only to find that out.

import { Parser } from './fanfare.js';
import catalogue from './fanfare-doctor-findings.js';

const DEADLINE = 38_000;
const PROBE = 10_000;
const LASTS = 25_000; // what the streams take, until the node has said it
const PROGRESS = 500;
const NOTED = 50; // after an answer, until a browser has noted its protocol
const HELD = 1_000; // later than this is held back
const STALL = 5_000; // for as long a network may stop
const WAITED = 3_000; // the node begins at once
const TICK = 1_000; // of the stream that is never silent
const SILENT = 900; // no block of the script takes as long but after its silence began
const ABOUT = 1_500; // two streams ended at the same age
const SKEW = 5_000;
const WATCHDOG = 60_000; // of the client
const HELLO = 'doctor.hello';
const END = 'doctor.end';
const MAX_BLOCKS = 200; // the script has 30
const MAX_BLOCK = 64 * 1024;
const MAX_STREAM = 1024 * 1024; // the script has 68 KiB
const MAX_PROBLEM = 16 * 1024;
const MAX_SHOWN = 100; // characters of what a node says
const PROBLEM = /^application\/problem\+json\b/i;

/** @typedef {import('./types.js').Diagnosis} Diagnosis */
/** @typedef {import('./types.js').DiagnoseOptions} DiagnoseOptions */
/** @typedef {import('./types.js').Finding} Finding */

const seconds = (ms) => `${Math.round(ms / 100) / 10} s`;

const hello = (stream) => stream.hello !== undefined;

const isStream = ({ contentType }) => /^text\/event-stream\b/i.test(contentType ?? '');

/** By how much blocks arrive later than they are sent, clocks included: as of the one that was held back the least. */
const least = (streams) => Math.min(...streams.flatMap(({ blocks }) => blocks.map(({ at, arrived }) => arrived - at)));

/** When its last block came, or would have come if nothing had held it back. */
function heard({ blocks }, delay) {
	const { at, arrived } = blocks.at(-1);
	return (arrived - at - delay > HELD) ? at + delay : arrived;
}

const isDrained = (stream) => stream.end === 'drain';

/** Whether it ended before the node ended it, or was silent for longer. What began late the doctor gives up. */
function isCut(stream, delay, silence) {
	return (stream.end === 'timeout') ? stream.ended - heard(stream, delay) > silence + ABOUT : stream.end !== 'end' && !isDrained(stream);
}

/** Whether a probe was answered by the node itself. */
const isReached = (probes) => Object.values(probes).some(({ doctor, nonce }) => nonce && doctor === nonce);

/** Why a stream did not begin. */
function refusal(stream, { reach, client, probes = {} }) {
	const { status, end, problem, retry, blocks, contentType, requested, ended } = stream;
	const said = `${status}${contentType ? `, ${contentType}` : ''}${problem ? `, ${problem}` : ''}`;
	const nothing = !status || [502, 504].includes(status) || status === 200 && isStream(stream) && !blocks.length && retry === undefined;
	if (nothing && ended - requested > WAITED && isReached(probes)) {
		return ['buffered', `Nothing of the stream came for ${seconds(ended - requested)}.`];
	}
	if (!status) {
		if (end === 'timeout') {
			return ['unreachable', `No answer came.${client === 'browser' ? ' By HTTP/1.1 others may hold all connections.' : ''}`];
		}
		if (client !== 'browser' || !reach?.opaque) {
			return ['unreachable', 'There was no connection, or no answer of HTTP.'];
		}
		return reach.plain ? ['preflight-refused', 'A request without headers that need a preflight is answered.']
			: ['cors-refused', 'An answer comes, which the browser keeps from the page.'];
	}
	if (status === 200 && isStream(stream)) {
		if (blocks.some(({ event }) => event.startsWith('push.'))) {
			return ['query-lost', 'The node opened a stream of events.'];
		}
		if (blocks.length === 0 && retry !== undefined) {
			return ['unavailable', `The answer is a stream with nothing but retry: ${retry}.`];
		}
		return (blocks.length === 0 && end === 'timeout') ? ['buffered', 'Nothing came until the doctor gave up.']
			: ['not-fanfare', 'The stream does not begin with doctor.hello.'];
	}
	if (status === 401 && problem !== undefined) {
		return ['query-lost', `The answer is ${said}.`];
	}
	const ids = { 429: 'limited', 505: 'http-1.0', 502: 'unavailable', 503: 'unavailable', 504: 'unavailable' };
	return [problem === 'origin-not-allowed' ? 'cors-refused' : ids[status] ?? 'not-fanfare', `The answer is ${said}.`];
}

/** How long each block was held back, by the one that was held back the least. */
function holds(stream) {
	const delay = least([stream]);
	return stream.blocks.map((block) => ({ ...block, held: block.arrived - block.at - delay, due: block.at + delay }));
}

/**
 * Blocks that were held back. Large ones take their time on a thin line, so one of them is judged only where no small one was held
 * back, and if it came no sooner than the next one, which was sent much later: nginx keeps what does not fill its buffer.
 */
function heldBack(all) {
	const late = all.filter(({ held }) => held > HELD);
	const small = late.filter(({ event }) => event === HELLO || event === 'doctor.tick');
	return small.length ? small : late.filter(({ at, arrived }) => {
		const next = all.find((block) => block.at > at);
		return next && next.at - at > HELD && arrived >= next.due - HELD / 2;
	});
}

/** A network that stops holds events back, too, but for some seconds, once, and not all. */
function isStall(late) {
	const held = late.flatMap((one) => one.held);
	const times = held.map(({ arrived }) => arrived).sort((one, other) => one - other);
	return times.every((at, i) => !i || at - times[i - 1] <= HELD) && held.every((block) => block.held <= STALL)
		&& late.every(({ all, stream }) => all[0].arrived < stream.ended - HELD / 2);
}

function buffered({ pace, steady }, measured) {
	const late = [pace, steady].filter((one) => one && hello(one)).map((stream) => {
		const all = holds(stream);
		return { stream, all, held: heldBack(all) };
	}).filter(({ held }) => held.length);
	if (isStall(late)) {
		return null;
	}
	const [{ stream, all, held }] = late;
	measured.heldMs = Math.max(...held.map((block) => block.held));
	const released = held[0].arrived;
	const untilTheEnd = released >= stream.ended - HELD / 2;
	if (!untilTheEnd) {
		measured.heldBytes = Math.max(...all.filter(({ due }) => due <= released).map(({ sent }) => sent));
	}
	return `Events were held back for up to ${seconds(measured.heldMs)}, ${untilTheEnd ? 'until the stream ended'
		: `until about ${measured.heldBytes} bytes were sent`}.`;
}

function cuts({ pace, steady }, measured) {
	const found = [];
	const delay = least([pace, steady].filter((one) => one && hello(one)));
	const paceCut = pace && hello(pace) && isCut(pace, delay, pace.hello.silenceMs);
	const steadyCut = steady && hello(steady) && isCut(steady, delay, TICK);
	/** How long something came through: what a stream that never ends brought, or until its end. */
	const life = (stream) => (stream.end === 'timeout' ? heard(stream, delay) : stream.ended) - stream.opened;
	const silence = paceCut && (pace.end === 'timeout' ? DEADLINE : pace.ended - heard(pace, delay));
	const silent = paceCut && silence > SILENT;
	const outlived = paceCut && (!steadyCut || life(pace) > life(steady) + ABOUT);
	if (silent && !(steadyCut && Math.abs(life(pace) - life(steady)) <= ABOUT)) {
		const every = `the node sends a heartbeat each ${seconds(pace.hello.heartbeatMs)}`;
		if (pace.end !== 'timeout') {
			measured.cutAfterSilenceMs = silence;
		}
		const prevented = pace.end !== 'timeout' && silence > pace.hello.heartbeatMs + HELD;
		found.push([prevented ? 'idle-margin' : 'idle-timeout', pace.end === 'timeout' ? `After the silence nothing came any more; ${every}.`
			: `It was cut after ${seconds(silence)} of silence; ${every}.`]);
	}
	if (steadyCut && !outlived || paceCut && !silent) {
		const stream = steadyCut && !outlived ? steady : pace;
		measured.cutAfterMs = life(stream);
		found.push(['age-limit', `It was cut after ${seconds(life(stream))} and ${stream.blocks.at(-1).sent} bytes.`]);
	}
	return found;
}

/** By how much the client's clock is ahead at least, or behind at least. */
function skew(streams) {
	const ahead = Math.max(...streams.map(({ requested, hello: { at } }) => requested - at));
	return (ahead > 0) ? ahead : Math.min(0, least(streams));
}

function headers(stream, { sent }) {
	const { authorization, lastEventId, cookie, protocol } = stream.hello.request;
	return [
		protocol === 'HTTP/1.0' && ['http-1.0', 'The node was asked by HTTP/1.0.'],
		sent.authorization && !authorization && ['authorization-lost', null],
		sent.lastEventId && lastEventId !== `doctor-${stream.nonce}` && ['last-event-id-lost',
			lastEventId ? `The node received ${lastEventId}.` : null],
		sent.cookie && !cookie && ['cookie-lost', null]
	];
}

function probe(asked, answer, nonce) {
	const { status, contentType, doctor, end } = answer;
	if (!status) {
		return (end === 'timeout') ? ['status-replaced', `Instead of ${asked} no answer came.`]
			: ['cors-refused', `The answer ${asked} could not be read.`];
	}
	if (status === 429) {
		return ['limited', `The answer is 429 where ${asked} was asked for.`];
	}
	if (asked === '503' && (status === 503 || status === 200 && isStream(answer))) {
		return null;
	}
	if (String(status) === asked && (doctor === undefined ? PROBLEM.test(contentType) : doctor === nonce)) {
		return null;
	}
	return ['status-replaced', String(status) === asked ? `The answer ${asked} is not the node's.`
		: `Instead of ${asked} came ${status}${contentType ? `, ${contentType}` : ''}.`];
}

function preflight({ preflight: answer, crossOrigin, origin, streams }) {
	const allows = (value) => !crossOrigin || value === undefined || value === '*' || value === origin;
	const stream = Object.values(streams).find(({ hello, allowOrigin }) => hello && !allows(allowOrigin));
	if (stream) {
		return ['cors-refused', `Access-Control-Allow-Origin is ${stream.allowOrigin || 'not there'}.`];
	}
	if (!answer || !crossOrigin) {
		return null; // browsers send none to the own origin
	}
	const { status, allowOrigin, allowHeaders } = answer;
	if (!status || status < 200 || status > 299) {
		return ['preflight-refused', status ? `OPTIONS is answered ${status}.` : 'OPTIONS is not answered.'];
	}
	const names = (allowHeaders ?? '').toLowerCase().split(',').map((name) => name.trim());
	const missing = ['Authorization', 'Last-Event-ID'].filter((name) => !names.includes(name.toLowerCase()));
	if (missing.length) {
		return ['preflight-refused', `Access-Control-Allow-Headers has no ${missing.join(', no ')}.`];
	}
	return allows(allowOrigin) ? null : ['preflight-refused', `Access-Control-Allow-Origin is ${allowOrigin || 'not there'}.`];
}

/**
 * What observations mean. Their form is in test/doctor-cases.json.
 * @internal
 */
export function judge(observations) {
	const { streams, probes = {}, client, url } = observations;
	const found = [];
	const measured = {};
	const all = Object.values(streams);
	const opened = all.filter(hello);
	const protocol = opened.find((stream) => stream.protocol)?.protocol;
	/** By HTTP/1.1, so without TLS, requests of a browser wait for one of six connections. */
	const few = client === 'browser' && (protocol === 'http/1.1' || url.startsWith('http:'));
	const waits = ({ status, end }) => few && !status && end === 'timeout';
	const probed = Object.entries(probes);
	const kept = probed.every(([, answer]) => waits(answer));
	all.filter((stream) => !hello(stream) && !waits(stream)).forEach((stream) => found.push(refusal(stream, observations)));
	const own = opened.filter((stream) => stream.hello.nonce === stream.nonce);
	for (const stream of opened) {
		if (stream.hello.nonce === null || stream.hello.nonce === undefined) {
			found.push(['query-lost', 'The node did not see the nonce.']);
		}
		else if (stream.hello.nonce !== stream.nonce) {
			found.push(['cached', 'The stream has the nonce of another request.']);
		}
	}
	if (own.length) {
		own.forEach((stream) => found.push(...headers(stream, observations)));
		own.filter(isDrained).forEach(({ opened: since, ended }) => found.push(['drained', `The node ended a stream after ${seconds(ended - since)}.`]));
		const mine = Object.fromEntries(Object.entries(streams).filter(([, stream]) => own.includes(stream)));
		const late = buffered(mine, measured);
		found.push(late && ['buffered', late], ...cuts(mine, measured));
		measured.skewMs = skew(own);
		found.push(Math.abs(measured.skewMs) > SKEW
			&& ['clock-skew', `The client's clock is ${seconds(Math.abs(measured.skewMs))} ${measured.skewMs > 0 ? 'ahead' : 'behind'}.`]);
		measured.heartbeatMs = own[0].hello.heartbeatMs;
		found.push(measured.heartbeatMs * 2 > WATCHDOG
			&& ['heartbeats-too-rare', `The node sends one each ${seconds(measured.heartbeatMs)}.`]);
	}
	if (opened.length) {
		const coding = all.map(({ contentEncoding }) => contentEncoding).find((value) => value && value !== 'identity');
		found.push(coding && ['compressed', `Content-Encoding is ${coding}.`], preflight(observations));
		found.push(...kept ? [] : probed.map(([asked, answer]) => probe(asked, answer, answer.nonce)));
		measured.protocol = protocol;
		found.push((few || protocol === 'http/1.1' && url.startsWith('https:'))
			&& ['http-1.1', kept || all.some(waits) ? 'Requests waited in vain for one of six connections.' : null]);
	}
	return { findings: described(found), measured };
}

/** Each finding once, in the order of the catalogue. */
function described(found) {
	return Object.entries(catalogue).flatMap(([id, { severity, title, why, nginx, haproxy, caddy }]) => {
		const of = found.filter((one) => one && one[0] === id);
		const detail = of.map((one) => one[1]).find((text) => text) ?? null;
		return of.length ? [{ id, severity, title, detail, why, mend: { nginx, haproxy, caddy } }] : [];
	});
}

/**
 * What it needs of where it runs.
 * @returns {any}
 */
function globals() {
	const { document, location, performance } = globalThis;
	const began = Date.now() - performance.now(); // clocks are set while it runs
	return {
		fetch: (...values) => globalThis.fetch(...values),
		now: () => Math.round(began + performance.now()),
		setTimeout: (...values) => globalThis.setTimeout(...values),
		clearTimeout: (timer) => globalThis.clearTimeout(timer),
		crypto: globalThis.crypto,
		href: location?.href,
		document,
		PerformanceObserver: globalThis.PerformanceObserver
	};
}

const text = (answer, name) => answer.headers.get(name) ?? '';

/** One run: what is asked, and what is observed. */
class Examination {

	constructor(url, env, signal, onProgress) {
		Object.assign(this, { url, env, signal, onProgress });
		this.browser = Boolean(env.document);
		this.crossOrigin = this.browser && new URL(env.href).origin !== url.origin;
		this.protocols = new Map();
		this.lasts = LASTS;
	}

	nonce() {
		return [...this.env.crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
	}

	address(values) {
		const address = new URL(this.url);
		Object.entries({ doctor: 1, ...values }).forEach(([name, value]) => address.searchParams.set(name, value));
		return address.href;
	}

	/** What a header may not be known of: a browser shows a page of another origin few. */
	known(answer, name) {
		return this.crossOrigin ? answer.headers.get(name) ?? undefined : text(answer, name);
	}

	request(address, signal, init) {
		return this.env.fetch(address, { cache: 'no-store', credentials: this.crossOrigin ? 'omit' : 'same-origin', signal, ...init });
	}

	/** Does something that is given up after a while, and with the run; its answer is whether it was late. */
	async within(ms, task) {
		const { env, signal } = this;
		const abort = new AbortController();
		const { signal: ended } = abort;
		let late = false;
		signal?.addEventListener('abort', () => abort.abort(), { signal: ended });
		if (signal?.aborted) {
			abort.abort();
		}
		const timer = env.setTimeout(() => {
			late = true;
			abort.abort();
		}, ms);
		try {
			await task(ended);
			return false;
		}
		catch {
			return late;
		}
		finally {
			env.clearTimeout(timer);
			abort.abort();
		}
	}

	async stream(script) {
		const { env } = this;
		const nonce = this.nonce();
		const address = this.address({ script, nonce });
		const stream = { nonce, requested: env.now(), blocks: [], end: 'refused' };
		const headers = { Accept: 'text/event-stream', Authorization: 'Bearer doctor', 'Last-Event-ID': `doctor-${nonce}` };
		if (!this.browser) {
			headers.Cookie = 'fanfare-doctor=1';
		}
		const late = await this.within(DEADLINE, async (signal) => {
			const answer = await this.request(address, signal, { headers });
			Object.assign(stream, { opened: env.now(), status: answer.status, contentType: text(answer, 'content-type'),
				contentEncoding: this.known(answer, 'content-encoding'), end: 'reset' });
			if (answer.status === 200 && isStream(stream)) {
				await this.read(stream, answer.body.getReader());
			}
			else {
				stream.problem = await problem(answer);
				stream.end = 'eof';
			}
		});
		stream.end = (late && stream.ended === undefined) ? 'timeout' : stream.end;
		stream.ended ??= env.now();
		return stream;
	}

	async read(stream, reader) {
		const parser = new Parser(({ type, data }) => {
			if (data !== null) {
				this.block(stream, type, parsed(data));
			}
		});
		let size = 0;
		for (let part; !(part = await reader.read()).done;) {
			size += part.value.length;
			if (size > MAX_STREAM) {
				break; // no node sends as much, so it may never end
			}
			parser.feed(part.value);
			stream.retry = parser.retry || undefined;
			if (stream.ended !== undefined) {
				return;
			}
			if (parser.rest.length + (parser.data?.length ?? 0) > MAX_BLOCK) {
				break;
			}
		}
		stream.end = 'eof';
	}

	block(stream, event, value) {
		const { n, at, sent } = value;
		const arrived = this.env.now();
		if (stream.ended !== undefined || stream.blocks.length === MAX_BLOCKS) {
			return;
		}
		if (event.startsWith('doctor.') && [n, at, sent].every(Number.isFinite)) {
			stream.blocks.push({ event: shown(event), n, at, sent, arrived });
			if (event === HELLO && !stream.hello && isHello(value)) {
				stream.hello = taken(value);
				this.lasts = Math.min(DEADLINE, Math.max(this.lasts, value.silenceMs + 5_000));
			}
			if (event === END) {
				stream.end = (value.reason === 'drain') ? 'drain' : 'end';
				stream.ended = arrived;
			}
		}
		else if (!stream.hello) {
			stream.blocks.push({ event: shown(event), arrived });
		}
	}

	async probe(status) {
		const nonce = this.nonce();
		const seen = { nonce };
		const late = await this.within(PROBE, async (signal) => {
			const answer = await this.request(this.address({ status, nonce }), signal);
			Object.assign(seen, { status: answer.status, contentType: text(answer, 'content-type'), doctor: this.known(answer, 'fanfare-doctor') });
			await problem(answer); // a browser notes the protocol at the end
		});
		return seen.status ? seen : { ...seen, end: late ? 'timeout' : 'refused' };
	}

	/** Whether a request comes through that needs no preflight, and one whose answer stays hidden. */
	async reach(left) {
		const comes = async (init) => {
			let came = false;
			await this.within(Math.min(PROBE / 2, left), async (signal) => {
				await this.request(this.address({ status: 503, nonce: this.nonce() }), signal, init);
				came = true;
			});
			return came;
		};
		const [plain, opaque] = await Promise.all([comes({}), comes({ mode: 'no-cors' })]);
		return { plain, opaque };
	}

	/** By which protocol the browser got answers, as it notes after their end. */
	watch() {
		const { PerformanceObserver: Observer } = this.env;
		if (!Observer?.supportedEntryTypes?.includes('resource')) {
			return () => {};
		}
		const note = (entries) => entries.forEach(({ name, nextHopProtocol }) => nextHopProtocol && this.protocols.set(name, nextHopProtocol));
		const observer = new Observer((list) => note(list.getEntries()));
		observer.observe({ type: 'resource' });
		return () => {
			note(observer.takeRecords());
			observer.disconnect();
		};
	}

	cookie() {
		const { document } = this.env;
		if (!this.browser) {
			return true;
		}
		if (this.crossOrigin) {
			return false;
		}
		document.cookie = 'fanfare-doctor=1; path=/; max-age=60; SameSite=Lax';
		return document.cookie.includes('fanfare-doctor=1');
	}

	progress() {
		const began = this.env.now();
		let timer;
		const tell = () => {
			this.onProgress?.({ elapsedMs: this.env.now() - began, totalMs: this.lasts });
			timer = this.env.setTimeout(tell, PROGRESS);
		};
		tell();
		return () => this.env.clearTimeout(timer);
	}

	async observe() {
		const { browser, crossOrigin, url } = this;
		const began = this.env.now();
		const cookie = this.cookie();
		const seen = this.watch();
		const stop = this.progress();
		try {
			const [pace, steady, unauthorized, unavailable] = await Promise.all([this.stream('pace'), this.stream('steady'),
				this.probe(401), this.probe(503)]);
			const streams = { pace, steady };
			const reach = (browser && Object.values(streams).some(({ end }) => end === 'refused')) ? await this.reach(DEADLINE - (this.env.now() - began)) : undefined;
			await new Promise((resolve) => this.env.setTimeout(resolve, NOTED));
			seen();
			const protocol = [...this.protocols].find(([address]) => address.startsWith(url.href))?.[1];
			for (const stream of Object.values(streams)) {
				stream.protocol = protocol;
			}
			return { url: url.href, client: browser ? 'browser' : 'node', crossOrigin, sent: { authorization: true, lastEventId: true, cookie },
				streams, probes: { 401: unauthorized, 503: unavailable }, reach };
		}
		finally {
			stop();
			seen();
			if (browser && cookie) {
				this.env.document.cookie = 'fanfare-doctor=; path=/; max-age=0; SameSite=Lax';
			}
		}
	}

}

const isHello = ({ at, request, heartbeatMs, silenceMs }) => [at, heartbeatMs, silenceMs].every(Number.isFinite)
	&& typeof request?.protocol === 'string';

/** A text as far as it is shown; null where it is none. */
const shown = (value) => (typeof value === 'string') ? value.slice(0, MAX_SHOWN) : null;

/** What the doctor uses of a hello: a server may say anything besides. */
const taken = ({ nonce, script, node, at, heartbeatMs, silenceMs, request: { protocol, authorization, lastEventId, cookie } }) => ({
	nonce: shown(nonce), script: shown(script), node: shown(node), at, heartbeatMs, silenceMs, request: { protocol: shown(protocol),
		authorization: authorization === true, lastEventId: shown(lastEventId), cookie: cookie === true } });

function parsed(data) {
	try {
		const value = JSON.parse(data);
		return (typeof value === 'object' && value !== null) ? value : {};
	}
	catch {
		return {};
	}
}

/** The last part of a problem's type; undefined where the answer is none. */
async function problem(answer) {
	if (!PROBLEM.test(text(answer, 'content-type'))) {
		return undefined;
	}
	const { type } = parsed(await beginning(answer, MAX_PROBLEM));
	return String(shown(type) ?? '').split(/[/#]/).pop();
}

/** The beginning of a body, which may be endless. */
async function beginning(answer, max) {
	const reader = answer.body?.getReader();
	const decoder = new TextDecoder();
	let text = '';
	for (let part; reader && text.length <= max && !(part = await reader.read()).done;) {
		text += decoder.decode(part.value, { stream: true });
	}
	return text.slice(0, max);
}

/**
 * Finds out what lies between here and a node, within 40 s. Two streams of the node's own, which follow a script, and two refusals are
 * asked for; no user, no token and no message is involved.
 * @param {string | URL} url of the stream, such as `https://push.example/events`; its query is not sent
 * @param {DiagnoseOptions} [options]
 * @returns {Promise<Diagnosis>}
 */
export async function diagnose(url, options = {}, env = globals()) {
	const { signal, onProgress } = options;
	const address = new URL(url, env.href);
	if (!['http:', 'https:'].includes(address.protocol)) {
		throw new TypeError('fanfare: url is an address of http or https');
	}
	address.search = address.hash = address.username = address.password = '';
	signal?.throwIfAborted();
	const observations = await new Examination(address, env, signal, onProgress).observe();
	signal?.throwIfAborted();
	return { url: address.href, ...judge(observations), observations };
}
