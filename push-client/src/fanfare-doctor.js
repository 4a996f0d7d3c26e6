// Fanfare's doctor: names what lies between a client and a node. A module of its own, which pages load only to find that out.

import { Parser } from './fanfare.js';
import catalogue from './fanfare-doctor-findings.js';

const DEADLINE = 38_000;
const PROBE = 10_000;
const LASTS = 25_000; // what the streams take, until the node has said it
const PROGRESS = 500;
const HELD = 1_000; // later than this is held back
const SILENT = 900; // no block of the script takes as long but after its silence began
const ABOUT = 1_500; // two streams ended at the same age
const SKEW = 5_000;
const WATCHDOG = 60_000; // of the client
const HELLO = 'doctor.hello';
const END = 'doctor.end';

/** @typedef {import('./types.js').Diagnosis} Diagnosis */
/** @typedef {import('./types.js').DiagnoseOptions} DiagnoseOptions */
/** @typedef {import('./types.js').Finding} Finding */

const seconds = (ms) => `${Math.round(ms / 100) / 10} s`;

const hello = (stream) => stream.hello !== undefined;

const isStream = ({ contentType }) => /^text\/event-stream\b/i.test(contentType ?? '');

/** When its last block came, or where there is none its head. */
const heard = ({ blocks, opened }) => blocks.at(-1)?.arrived ?? opened;

/** How long something came through: what a stream that never ends brought, or until its end. */
const life = (stream) => (stream.end === 'timeout' ? heard(stream) : stream.ended) - stream.opened;

const isCut = (stream) => stream.end !== 'end';

/** Why a stream did not begin. */
function refusal(stream, { reach, client }) {
	const { status, end, problem, retry, blocks, contentType } = stream;
	const said = `${status}${contentType ? `, ${contentType}` : ''}${problem ? `, ${problem}` : ''}`;
	if (!status) {
		if (end === 'timeout' || client !== 'browser' || !reach?.opaque) {
			return ['unreachable', end === 'timeout' ? 'No answer came.' : 'There was no connection, or no answer of HTTP.'];
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
function holds({ blocks }) {
	const least = Math.min(...blocks.map(({ at, arrived }) => arrived - at));
	return blocks.map((block) => ({ ...block, held: block.arrived - block.at - least, least }));
}

function buffered({ pace, steady }, measured) {
	for (const stream of [pace, steady].filter((one) => one && hello(one))) {
		const all = holds(stream);
		const held = all.filter(({ event, held }) => held > HELD && (event === HELLO || event === 'doctor.tick'));
		if (held.length) {
			measured.heldMs = Math.max(...held.map((block) => block.held));
			const released = held[0].arrived;
			const untilTheEnd = released >= stream.ended - HELD / 2;
			if (!untilTheEnd) {
				measured.heldBytes = Math.max(...all.filter(({ at, least }) => at + least <= released).map(({ sent }) => sent));
			}
			return `Events were held back for up to ${seconds(measured.heldMs)}, ${untilTheEnd ? 'until the stream ended'
				: `until about ${measured.heldBytes} bytes were sent`}.`;
		}
	}
	return null;
}

function cuts({ pace, steady }, measured) {
	const found = [];
	const paceCut = pace && hello(pace) && isCut(pace);
	const steadyCut = steady && hello(steady) && isCut(steady);
	const silence = paceCut && (pace.end === 'timeout' ? DEADLINE : pace.ended - heard(pace));
	const silent = paceCut && silence > SILENT;
	const outlived = paceCut && (!steadyCut || life(pace) > life(steady) + ABOUT);
	if (silent && !(steadyCut && Math.abs(life(pace) - life(steady)) <= ABOUT)) {
		const every = `the node sends a heartbeat each ${seconds(pace.hello.heartbeatMs)}`;
		if (pace.end !== 'timeout') {
			measured.cutAfterSilenceMs = silence;
		}
		found.push(['idle-timeout', pace.end === 'timeout' ? `After the silence nothing came any more; ${every}.`
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
	const behind = Math.min(...streams.flatMap(({ blocks }) => blocks.map(({ at, arrived }) => arrived - at)));
	return (ahead > 0) ? ahead : Math.min(0, behind);
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
	if (String(status) === asked && (doctor === undefined || doctor === nonce)) {
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
	if (!answer) {
		return null;
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
	all.filter((stream) => !hello(stream)).forEach((stream) => found.push(refusal(stream, observations)));
	const opened = all.filter(hello);
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
		found.push(...Object.entries(probes).map(([asked, answer]) => probe(asked, answer, answer.nonce)));
		const protocol = measured.protocol = opened.find((stream) => stream.protocol)?.protocol;
		found.push(protocol === 'http/1.1' && (client === 'browser' || url.startsWith('https:')) && ['http-1.1', null]);
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
