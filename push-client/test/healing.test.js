import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';

import { connect } from '../src/fanfare.js';
import { Server, ServerStream, World, jwt, never } from './world.js';

const ADDRESS = 'https://push.example/events';
const MINUTE = 60_000;

/** A page with a stream of its own. */
function open(world, options = {}, tab = world.tab()) {
	const seen = [];
	const states = [];
	const push = connect(ADDRESS, { token: async () => jwt('alice'), tabs: 'each', ...options }, tab);
	push.on('order', (data) => seen.push(data));
	push.onState((state) => states.push(state));
	return { tab, push, seen, states, names: () => states.map(({ name }) => name) };
}

let world_;

async function opened(options, worldOptions) {
	const world = world_ = new World(worldOptions);
	const server = new Server(world);
	const page = open(world, options);
	await world.until(() => page.push.state.name === 'open');
	return { world, server, ...page };
}

const block = (type, data, id) => `${id ? `id: ${id}\n` : ''}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

/** Answers with a stream that has these blocks, then ends. */
const ends = (...blocks) => (request) => {
	const stream = new ServerStream(request);
	blocks.forEach((text) => stream.write(text));
	stream.end();
	return stream.response;
};

describe('never a tight loop', () => {
	const connected = block('push.connected', { key: 'n.k', connection: 'c', heartbeatMs: 15_000 }, '1-0');
	const servers = {
		'200 and end': ends(),
		'a comment and end': ends(':\n\n'),
		'connected and end': ends(connected),
		'connected, goaway after nothing': ends(connected, block('push.goaway', { reason: 'drain', afterMs: 0 }, '1-0')),
		'goaway without a time': ends(connected, block('push.goaway', {}, '1-0')),
		'busy without a time': ends(block('push.busy', { reason: 'full', retryMs: 0 })),
		'busy with no object': ends(block('push.busy', null)),
		'retry of nothing': ends('retry: 0\n\n'),
		'an unknown token, expired at once': ends(connected, block('push.goaway', { reason: 'token-expired', afterMs: 0 }, '1-0')),
		500: () => new Response('oops', { status: 500 }),
		503: () => new Response('{"detail":"full"}', { status: 503, headers: { 'retry-after': '0', 'content-type': 'application/json' } }),
		204: () => new Response(null, { status: 204 }),
		404: () => new Response('', { status: 404 }),
		429: () => new Response('', { status: 429, headers: { 'retry-after': 'soon' } }),
		HTML: () => new Response('<!doctype html><p>Sign in', { headers: { 'content-type': 'text/html' } }),
		'JSON of nothing': () => new Response('null', { status: 500, headers: { 'content-type': 'application/json' } }),
		'no network': () => Promise.reject(new TypeError('Failed to fetch')),
		nothing: never,
	};
	for (const random of [0, 0.5, 0.999]) {
		for (const [name, serve] of Object.entries(servers)) {
			test(`${name}, random ${random}`, async () => {
				const world = new World({ random: () => random });
				world.serve = serve;
				const { push } = open(world);
				await world.advance(10 * MINUTE);
				const times = world.requests.map(({ at }) => at);
				const gaps = times.slice(1).map((at, i) => at - times[i]);
				assert.ok(times.length >= 6, `goes on: ${times.length}`);
				assert.ok(Math.min(...gaps) >= 500, `at least 500 ms: ${Math.min(...gaps)}`);
				// With random 0 there is no pause but the shortest
				assert.ok(times.length <= (random ? 60 : 1201), `few: ${times.length}`);
				assert.ok(['reconnecting', 'connecting'].includes(push.state.name));
			});
		}
	}

	test('a stream that expires again and again is renewed each 2 s at most', async () => {
		const world = new World();
		world.serve = (request) => {
			const stream = new ServerStream(request);
			stream.write(connected);
			stream.write(block('push.expiring', { reason: 'token', atMs: 0 }, '1-0'));
			return stream.response;
		};
		open(world);
		await world.advance(MINUTE);
		assert.ok(world.requests.length <= 31);
	});
});

describe('pauses', () => {
	test('grow from 1 s to 30 s, and begin anew after a stream of 10 s', async () => {
		const world = new World({ random: () => 0.999_999 });
		let answer = () => new Response('', { status: 500 });
		world.serve = (request) => answer(request);
		const { push } = open(world);
		await world.advance(3 * MINUTE);
		const times = world.requests.map(({ at }) => at);
		const gaps = times.slice(1).map((at, i) => Math.round((at - times[i]) / 1000));
		assert.deepEqual(gaps.slice(0, 7), [1, 2, 4, 8, 16, 30, 30]);
		let stream;
		answer = (request) => {
			stream = new ServerStream(request);
			stream.write(block('push.connected', { key: 'k' }, '1-0'));
			return stream.response;
		};
		await world.until(() => push.state.name === 'open');
		await world.advance(10_000);
		answer = () => new Response('', { status: 500 });
		const before = world.time;
		stream.fail();
		await world.settle();
		assert.equal(Math.round((push.state.at - before) / 1000), 1);
	});

	test('do not begin anew after a stream of less than 10 s', async () => {
		const world = new World({ random: () => 0.999_999 });
		world.serve = ends(block('push.connected', { key: 'k' }, '1-0'));
		open(world);
		await world.advance(2 * MINUTE);
		const times = world.requests.map(({ at }) => at);
		assert.deepEqual(times.slice(1).map((at, i) => Math.round((at - times[i]) / 1000)).slice(0, 6), [1, 2, 4, 8, 16, 30]);
	});

	for (const [backoff, expected] of [[{ min: 2_000, max: 5_000 }, [2, 4, 5, 5]], [{ min: 60_000 }, [60, 60, 60]], [{ max: 1_500 }, [1, 1.5, 1.5]]]) {
		test(`have the bounds that are asked for: ${JSON.stringify(backoff)}`, async () => {
			for (const tabs of ['each', 'shared']) {
				const world = new World({ random: () => 0.999_999 });
				const tries = [];
				world.serve = () => {
					tries.push(world.time);
					return new Response('', { status: 500 });
				};
				const token = () => {
					tries.push(world.time);
					throw new Error('no backend');
				};
				open(world, { tabs, backoff, ...(tabs === 'shared' && { token }) });
				await world.advance(5 * MINUTE);
				const gaps = tries.slice(1).map((at, i) => Math.round((at - tries[i]) / 100) / 10);
				assert.deepEqual(gaps.slice(0, expected.length), expected, tabs);
			}
		});
	}

	test('retry is a floor', async () => {
		const world = new World({ random: () => 0 });
		world.serve = ends('retry: 4321\n\n');
		open(world);
		await world.advance(MINUTE);
		assert.equal(world.requests[1].at - world.requests[0].at, 4321);
	});

	for (const [name, answer, wait] of [
		['push.busy', ends(block('push.busy', { reason: 'full', retryMs: 7_000 })), 7_000],
		['push.goaway', ends(block('push.connected', { key: 'k' }, '1-0'), block('push.goaway', { reason: 'drain', afterMs: 9_000 }, '1-0')), 9_000],
		['Retry-After in seconds', () => new Response('', { status: 503, headers: { 'retry-after': '12' } }), 12_000],
		['Retry-After as a date', () => new Response('', { status: 429, headers: { 'retry-after': new Date(1_800_000_020_000).toUTCString() } }), 20_000],
	]) {
		test(`${name} is waited for, and nothing shortens it`, async () => {
			const world = new World();
			world.serve = answer;
			const { tab, push } = open(world);
			await world.settle();
			await world.advance(100);
			tab.fire('online');
			tab.show();
			await world.advance(wait - 200);
			assert.equal(world.requests.length, 1);
			assert.equal(push.state.name, 'reconnecting');
			await world.until(() => world.requests.length === 2, 1_000);
		});
	}

	test('of its own end when the network is back', async () => {
		const world = new World({ random: () => 0.999_999 });
		world.serve = () => Promise.reject(new TypeError('offline'));
		const { tab, push } = open(world);
		await world.advance(2 * MINUTE);
		const server = new Server(world);
		tab.fire('online');
		await world.advance(500);
		assert.equal(push.state.name, 'open');
		assert.equal(server.open.length, 1);
	});
});

describe('the stream', () => {
	test('carries the token in a header and in no address, and the cursor too', async () => {
		const { world, server, push } = await opened({ channels: ['news', 'a:b'], heartbeat: 'event' });
		server.publish(1);
		await world.settle();
		server.open[0].fail();
		await world.until(() => world.requests.length === 2);
		const [first, second] = world.requests;
		assert.equal(first.headers.Authorization, `Bearer ${jwt('alice')}`);
		assert.equal(first.headers['Last-Event-ID'], undefined);
		assert.equal(second.headers['Last-Event-ID'], push.stats().lastEvent);
		assert.equal(first.credentials, 'omit');
		assert.equal(first.cache, 'no-store');
		const query = first.url.searchParams;
		assert.deepEqual([...query.keys()].sort(), ['ack', 'channel', 'channel', 'client', 'heartbeat', 'page']);
		assert.deepEqual(query.getAll('channel'), ['a:b', 'news']);
		assert.match(query.get('client'), /^[\w-]{1,64}$/);
		assert.equal(second.url.searchParams.get('client'), query.get('client'));
		assert.equal(second.url.searchParams.get('page'), query.get('page'));
	});

	test('sends cookies where there is no token', async () => {
		const world = new World();
		open(world, { token: undefined });
		await world.advance(1);
		assert.equal(world.requests[0].credentials, 'include');
		assert.equal(world.requests[0].headers.Authorization, undefined);
	});

	test('resumes: no hole, no double', async () => {
		const { world, server, seen, names } = await opened();
		for (let i = 0; i < 30; i++) {
			server.publish(i);
			await world.advance(500);
			if (i % 7 === 3) {
				server.open[0]?.fail();
			}
		}
		await world.advance(MINUTE);
		assert.deepEqual(seen, Array.from({ length: 30 }, (_, i) => i));
		assert.ok(names().includes('reconnecting'));
	});

	test('drops what it had by id', async () => {
		const { world, server, push, seen } = await opened();
		const id = server.publish('once');
		server.open[0].write(`id: ${id}\nevent: order\ndata: "twice"\n\n`);
		server.open[0].write('id: 1-1\nevent: order\ndata: "older"\n\n');
		await world.settle();
		assert.deepEqual(seen, ['once']);
		assert.equal(push.stats().duplicates, 2);
		assert.equal(push.stats().messages, 1);
	});

	test('follows a server whose ids begin lower', async () => {
		const { world, server, seen } = await opened({ lastEventId: '1900000000000-0' });
		server.open[0].write(block('push.gap', { channels: ['all'], from: '1900000000000-0', to: '1800000000000-0', reason: 'cursor-ahead' },
			'1900000000000-0'));
		server.publish('new');
		await world.settle();
		assert.deepEqual(seen, ['new']);
		server.open[0].fail();
		await world.until(() => world.requests.length === 2);
		assert.equal(world.requests[1].headers['Last-Event-ID'], server.head());
	});

	test('moves its cursor by blocks without data', async () => {
		const { world, server } = await opened();
		server.open[0].write('id: 1800000099999-5\n\n');
		await world.settle();
		server.open[0].fail();
		await world.until(() => world.requests.length === 2);
		assert.equal(world.requests[1].headers['Last-Event-ID'], '1800000099999-5');
	});

	test('is opened anew after 60 s without a byte, and not sooner', async () => {
		const { world, server, push } = await opened();
		await world.advance(5 * MINUTE);
		assert.equal(world.requests.length, 1, 'comments are bytes');
		const { open: [stream] } = server;
		stream.write = () => {};
		await world.advance(50_000);
		assert.equal(world.requests.length, 1);
		await world.advance(30_000);
		assert.equal(world.requests.length, 2);
		assert.ok(stream.aborted);
		assert.equal(push.state.name, 'open');
	});

	test('that is never answered is asked for again', async () => {
		const world = new World();
		world.serve = never;
		open(world);
		await world.advance(100_000);
		assert.ok(world.requests.length >= 2);
		assert.ok(world.requests[0].signal.aborted);
	});

	test('is looked at when the page is back: a dead wire is not waited for', async () => {
		const { world, server, tab } = await opened();
		server.open[0].write = () => {};
		await world.advance(40_000);
		tab.show();
		await world.advance(4_000);
		assert.equal(world.requests.length, 2);
	});

	test('of a clock that was set back is not silent', async () => {
		const { world, server } = await opened();
		await world.advance(20_000);
		world.time -= 60 * MINUTE;
		world.timers.forEach((timer) => {
			timer.at -= 60 * MINUTE;
		});
		server.open[0].write = () => {};
		await world.advance(2 * MINUTE);
		assert.equal(world.requests.length, 2);
	});

	test('shows where it waits', async () => {
		const world = new World();
		let stream;
		world.serve = (request) => {
			stream = new ServerStream(request);
			stream.write(block('push.waiting', { position: 3, total: 9, estimateMs: 4_000, heartbeatMs: 15_000 }));
			return stream.response;
		};
		const { push } = open(world);
		await world.advance(1);
		assert.deepEqual(push.state, { name: 'waiting', position: 3, total: 9, estimateMs: 4_000 });
		stream.write(block('push.connected', { key: 'k' }, '1-0'));
		await world.settle();
		assert.deepEqual(push.state, { name: 'open' });
		assert.equal(push.state, push.state, 'one object until it changes');
	});

	test('ends with close, on the server as well', async () => {
		const { world, server, push, tab } = await opened();
		push.close();
		push.close();
		await world.settle();
		assert.equal(server.open.length, 0);
		assert.deepEqual(tab.beacons, [{ url: `${ADDRESS}/close`, body: { key: 'n.1' } }]);
		assert.deepEqual(push.state, { name: 'closed' });
		await world.advance(10 * MINUTE);
		assert.equal(world.requests.length, 1);
		assert.equal(tab.listeners.length, 0);
		assert.equal(tab.groups.size, 0);
		assert.equal([...world.timers.values()].filter(({ tab: owner }) => owner === tab).length, 0);
	});

	test('is closed while it waits for its token', async () => {
		const world = new World();
		let give;
		const { push } = open(world, { token: () => new Promise((resolve) => {
			give = resolve;
		}) });
		await world.advance(1);
		push.close();
		give(jwt('alice'));
		await world.advance(MINUTE);
		assert.equal(world.requests.length, 0);
	});
});

describe('an end', () => {
	test('by push.kicked is final until takeOver, which is another client', async () => {
		const { world, server, tab, push, seen } = await opened();
		server.publish(1);
		await world.settle();
		const other = open(world, {}, world.tab());
		await world.until(() => push.state.name === 'kicked');
		assert.equal(push.state.reason, 'takeover');
		server.publish(2);
		tab.fire('online');
		tab.show();
		await world.advance(30 * MINUTE);
		assert.equal(world.requests.length, 2);
		assert.equal(tab.warnings.length, 1);
		push.takeOver();
		await world.until(() => push.state.name === 'open');
		await world.settle();
		assert.equal(other.push.state.name, 'kicked');
		assert.deepEqual(seen, [1, 2], 'from its cursor');
		assert.notEqual(world.requests[0].url.searchParams.get('client'), world.requests[2].url.searchParams.get('client'));
	});

	test('by one 401 asks for a fresh token; a second is final', async () => {
		const world = new World();
		const server = new Server(world);
		let refused = 1;
		let asked = 0;
		server.refuse = () => refused-- > 0 && new Response('{"detail":"the token expired"}', { status: 401,
			headers: { 'content-type': 'application/problem+json' } });
		const { push, states } = open(world, { token: () => jwt('alice', { n: ++asked }) });
		await world.until(() => push.state.name === 'open');
		assert.equal(asked, 2);
		assert.notEqual(world.requests[0].headers.Authorization, world.requests[1].headers.Authorization);
		refused = 10;
		server.open[0].fail();
		await world.until(() => push.state.name === 'failed');
		assert.deepEqual(states.at(-1), { name: 'failed', status: 401, reason: 'the token expired' });
		assert.equal(world.requests.length, 4);
		await world.advance(10 * MINUTE);
		assert.equal(world.requests.length, 4);
		refused = 0;
		push.takeOver();
		await world.until(() => push.state.name === 'open');
	});

	for (const status of [403, 400]) {
		test(`by ${status} is final`, async () => {
			const world = new World();
			world.serve = () => new Response('{"title":"no"}', { status, headers: { 'content-type': 'application/problem+json' } });
			const { push } = open(world, { channels: ['secret'] });
			await world.advance(10 * MINUTE);
			assert.deepEqual(push.state, { name: 'failed', status, reason: 'no' });
			assert.equal(world.requests.length, 1);
		});
	}

	test('by maxAttempts failures in a row', async () => {
		const world = new World();
		world.serve = () => new Response('', { status: 500 });
		const { push } = open(world, { maxAttempts: 3 });
		await world.advance(10 * MINUTE);
		assert.equal(push.state.name, 'failed');
		assert.equal(world.requests.length, 3);
	});

	test('where nobody is signed in', async () => {
		const world = new World();
		const { push } = open(world, { token: async () => null });
		await world.advance(MINUTE);
		assert.deepEqual(push.state, { name: 'failed', status: undefined, reason: 'no token' });
		assert.equal(world.requests.length, 0);
	});

	test('is not a token that cannot be had: it is asked for again', async () => {
		const world = new World();
		new Server(world);
		let fails = 3;
		const { push, states } = open(world, { token: async () => {
			if (fails-- > 0) {
				throw new Error('backend');
			}
			return jwt('alice');
		} });
		await world.until(() => push.state.name === 'open');
		assert.match(states[0].reason, /backend/);
	});

	test('is not a token function that fails without a word, or never answers, before the first stream', async () => {
		for (const [nothing, reason] of [[() => Promise.reject(), 'undefined'], [() => Promise.reject('signed out'), 'signed out'],
			[() => {
				throw null;
			}, 'null'], [never, 'no token']]) {
			const world = new World();
			new Server(world);
			const answers = [nothing];
			const { push, states } = open(world, { tabs: 'shared', token: () => (answers.shift() ?? (() => jwt('alice')))() });
			await world.until(() => push.state.name === 'open');
			assert.equal(states[0].name, 'reconnecting');
			assert.equal(states[0].reason, reason);
			assert.ok(world.time - world.start < 40_000);
		}
	});
});

describe('the token', () => {
	test('is renewed before it expires, with the same client, and the older stream goes on until then', async () => {
		let asked = 0;
		const { world, server, seen } = await opened({ token: () => jwt('alice', { n: ++asked }) });
		server.publish(1);
		await world.advance(5_000);
		const [old] = server.open;
		let overlapped = false;
		const { serve } = world;
		world.serve = (request) => {
			overlapped = old.open && !old.aborted;
			server.publish(2);
			return serve(request);
		};
		old.write(block('push.expiring', { reason: 'token', atMs: world.time + 50_000 }, server.head()));
		await world.advance(1_000);
		server.publish(3);
		await world.settle();
		assert.ok(overlapped);
		assert.equal(asked, 2);
		assert.equal(world.requests.length, 2);
		assert.equal(server.open.length, 1);
		assert.deepEqual(seen, [1, 2, 3]);
		assert.equal(new Set(world.requests.map(({ url }) => url.searchParams.get('client'))).size, 1);
	});

	test('is kept where the stream reaches its age', async () => {
		let asked = 0;
		const { world, server } = await opened({ token: () => jwt('alice', { n: ++asked }) });
		server.open[0].write(block('push.expiring', { reason: 'lifetime', atMs: world.time + 50_000 }, server.head()));
		await world.advance(5_000);
		assert.equal(world.requests.length, 2);
		assert.equal(asked, 1);
	});

	test('is asked for again where it expired by its own claims', async () => {
		let asked = 0;
		const { world, server } = await opened({ token: () => jwt('alice', { n: ++asked, exp: (world_.time + MINUTE) / 1000 }) },
			{ random: () => 0.5 });
		await world.advance(2 * MINUTE);
		server.open[0].fail();
		await world.advance(10_000);
		assert.equal(asked, 2);
	});

	test('is fresh after token-expired', async () => {
		let asked = 0;
		const { world, server } = await opened({ token: () => jwt('alice', { n: ++asked }) });
		server.open[0].write(block('push.goaway', { reason: 'token-expired', afterMs: 3_000 }, server.head()));
		server.open[0].end();
		await world.advance(10_000);
		assert.equal(asked, 2);
		assert.equal(world.requests.length, 2);
	});

	test('of a renewal that fails leaves the stream as it is', async () => {
		const { world, server, push } = await opened();
		server.refuse = () => new Response('', { status: 503, headers: { 'retry-after': '5' } });
		server.open[0].write(block('push.expiring', { reason: 'token', atMs: world.time + 50_000 }, server.head()));
		await world.advance(12_000);
		assert.equal(push.state.name, 'open');
		assert.equal(server.open.length, 1);
		server.refuse = () => undefined;
		await world.advance(10_000);
		assert.equal(server.streams.length, 2);
		assert.equal(server.open.length, 1);
	});
});

describe('topics', () => {
	test('several calls in one turn cost one reopen, and nothing is missed', async () => {
		const { world, server, push, seen } = await opened({ channels: ['a'] });
		server.publish(1, { channel: 'a' });
		await world.advance(1_000);
		push.subscribe('b');
		push.subscribe('c');
		push.unsubscribe('a');
		server.publish(2, { channel: 'b' });
		await world.advance(1_000);
		server.publish(3, { channel: 'c' });
		server.publish('not', { channel: 'a' });
		await world.advance(1_000);
		assert.equal(world.requests.length, 2);
		assert.deepEqual(world.requests[1].url.searchParams.getAll('channel'), ['b', 'c']);
		assert.deepEqual(seen, [1, 2, 3]);
		push.subscribe('b');
		await world.advance(1_000);
		assert.equal(world.requests.length, 2, 'nothing new');
	});

	test('nothing of a new one is missed where others arrive by the old stream meanwhile', async () => {
		const { world, server, push, seen } = await opened({ channels: ['a'] });
		const { serve } = world;
		let go;
		const held = new Promise((resolve) => {
			go = resolve;
		});
		world.serve = async (request) => {
			await held;
			return serve(request);
		};
		push.subscribe('b');
		await world.advance(1_000);
		server.publish(1, { channel: 'b' });
		server.publish(2);
		await world.advance(1_000);
		go();
		await world.advance(2_000);
		assert.deepEqual(seen, [1, 2]);
	});

	test('that are forbidden fail, after one more token', async () => {
		let asked = 0;
		const { world, server, push } = await opened({ channels: ['a'], token: () => jwt('alice', { n: ++asked }) });
		server.refuse = ({ url }) => url.searchParams.getAll('channel').includes('secret') && new Response('', { status: 403 });
		push.subscribe('secret');
		await world.advance(5_000);
		assert.equal(push.state.name, 'failed');
		assert.equal(push.state.status, 403);
		assert.equal(asked, 2);
		push.unsubscribe('secret');
		push.takeOver();
		await world.until(() => push.state.name === 'open');
	});

	test('that were revoked are not asked for again', async () => {
		const { world, server } = await opened({ channels: ['a', 'b'] });
		server.open[0].write(block('push.unsubscribed', { channel: 'b', reason: 'revoked' }, server.head()));
		await world.settle();
		server.open[0].fail();
		await world.until(() => world.requests.length === 2);
		assert.deepEqual(world.requests[1].url.searchParams.getAll('channel'), ['a']);
	});
});

describe('listeners', () => {
	test('are given data that is JSON, and text that is not', async () => {
		const { world, server, push } = await opened();
		const got = [];
		push.on('text', (data, event) => got.push([data, event]));
		const off = push.on('*', (data, event) => got.push(event.type));
		server.open[0].write('id: 1800000000001-0\nevent: text\ndata: {oops\n\n');
		server.open[0].write('id: 1800000000001-1\nevent: text\ndata: {"a":1}\n\n');
		await world.settle();
		off();
		server.open[0].write('id: 1800000000001-2\ndata: x\n\n');
		await world.settle();
		assert.deepEqual(got, [
			['{oops', { type: 'text', id: '1800000000001-0', data: '{oops', channel: null }], 'text',
			[{ a: 1 }, { type: 'text', id: '1800000000001-1', data: '{"a":1}', channel: null }], 'text',
		]);
	});

	test('that throw stop nobody else', async () => {
		const { world, server, push, tab, seen } = await opened();
		push.on('*', () => {
			throw new Error('listener');
		});
		server.publish(1);
		server.publish(2);
		await world.settle();
		assert.deepEqual(seen, [1, 2]);
		assert.equal(push.stats().errors, 2);
		assert.match(tab.warnings[0], /listener/);
	});

	test('are spared what makes no sense', async () => {
		const { world, server, push, seen } = await opened();
		for (const name of ['connected', 'waiting', 'gap', 'retracted', 'expiring', 'probe', 'unsubscribed', 'heartbeat', 'new']) {
			for (const data of ['null', '7', '"text"', '[]', '{', '{"channels":null,"channel":7,"id":7}']) {
				server.open[0].write(`event: push.${name}\ndata: ${data}\n\nevent: push.${name}\n\n`);
			}
			await world.advance(3_000);
		}
		server.publish(1);
		await world.settle();
		assert.deepEqual(seen, [1]);
		assert.equal(push.state.name, 'open');
		assert.equal(push.stats().errors, 0);
	});

	test('hear of gaps and retractions', async () => {
		const { world, server, push } = await opened();
		const got = [];
		push.onGap((gap) => got.push(gap.reason));
		push.on('push.retracted', (data) => got.push(data));
		server.open[0].write(block('push.gap', { channels: ['all'], from: '1-0', to: '1900000000000-0', reason: 'retention' }, server.head()));
		const id = server.id();
		server.open[0].write(block('push.retracted', { channel: 'news', id: '1-0' }, id).repeat(2));
		await world.settle();
		assert.deepEqual(got, ['retention', { channel: 'news', id: '1-0' }]);
		assert.equal(push.stats().gaps, 1);
	});
});

describe('acknowledgements', () => {
	test('answer a probe at once', async () => {
		const { world, server } = await opened();
		server.open[0].write(block('push.probe', { nonce: 'abc' }, server.head()));
		await world.settle();
		assert.equal(world.calls[0].url, `${ADDRESS}/ack`);
		assert.deepEqual(world.calls[0].body.nonces, ['abc']);
		assert.equal(world.calls[0].body.key, 'n.1');
	});

	test('name the cursor a moment after a message where the node asks', async () => {
		const { world, server, push } = await opened();
		server.publish(1);
		await world.advance(5_000);
		const before = world.calls.length;
		server.publish(2);
		await world.advance(1_500);
		assert.equal(world.calls.length, before);
		server.open[0].write(block('push.probe', { nonce: 'abc' }, server.head()));
		await world.settle();
		assert.equal(world.calls.at(-1).body.cursor, push.stats().lastEvent);
		assert.equal(push.stats().lastEvent, server.head());
	});

	test('name the cursor, in batches', async () => {
		const { world, server, push } = await opened();
		for (let i = 0; i < 100; i++) {
			server.publish(i);
			await world.advance(100);
		}
		await world.advance(30_000);
		assert.ok(world.calls.length <= 4, `${world.calls.length} calls`);
		assert.equal(world.calls.at(-1).body.cursor, push.stats().lastEvent);
	});

	test('wait no longer where the clock was set back', async () => {
		const { world, server, push } = await opened();
		server.publish(1);
		await world.advance(MINUTE);
		world.time -= 60 * MINUTE;
		world.timers.forEach((timer) => {
			timer.at -= 60 * MINUTE;
		});
		const calls = world.calls.length;
		server.open[0].write(block('order', 2, `${world.time + 120 * MINUTE}-0`));
		await world.advance(MINUTE);
		assert.ok(world.calls.length > calls);
		assert.equal(world.calls.at(-1).body.cursor, push.stats().lastEvent);
	});

	test('by hand name the message, and the cursor stays below the oldest that is open', async () => {
		const { world, server, push } = await opened();
		const open_ = [];
		push.on('job', (data, event) => open_.push(event), { ack: 'manual' });
		const below = server.publish(0);
		const first = server.publish(1, { event: 'job' });
		const second = server.publish(2, { event: 'job' });
		const last = server.publish(3);
		await world.advance(5_000);
		assert.equal(world.calls.at(-1).body.cursor, below);
		open_[1].ack();
		open_[1].ack();
		await world.advance(5_000);
		assert.deepEqual(world.calls.at(-1).body.ids, [second]);
		assert.ok([undefined, below].includes(world.calls.at(-1).body.cursor));
		open_[0].ack();
		await world.advance(5_000);
		assert.deepEqual(world.calls.at(-1).body.ids, [first]);
		assert.equal(world.calls.at(-1).body.cursor, last);
		const count = world.calls.length;
		await world.advance(MINUTE);
		assert.equal(world.calls.length, count, 'nothing is left');
	});

	test('have at most 100 ids, and are repeated where they fail', async () => {
		const { world, server, push } = await opened();
		let fails = 2;
		world.answerCall = () => (fails-- > 0 ? Promise.reject(new TypeError('offline')) : { status: 204, ok: true });
		push.on('job', (data, event) => event.ack(), { ack: 'manual' });
		const ids = Array.from({ length: 250 }, () => server.publish(0, { event: 'job' }));
		await world.advance(MINUTE);
		const sent = world.calls.flatMap(({ body }) => body.ids ?? []);
		assert.ok(world.calls.every(({ body }) => (body.ids ?? []).length <= 100));
		assert.deepEqual(new Set(sent), new Set(ids));
	});

	test('go on with the next stream', async () => {
		const { world, server, push } = await opened();
		push.on('job', (data, event) => event.ack(), { ack: 'manual' });
		world.answerCall = () => ({ status: 404 });
		const id = server.publish(0, { event: 'job' });
		await world.advance(10_000);
		assert.equal(world.calls.length, 1);
		world.answerCall = undefined;
		server.open[0].fail();
		await world.advance(10_000);
		assert.equal(world.calls.at(-1).body.key, 'n.2');
		assert.deepEqual(world.calls.at(-1).body.ids, [id]);
	});
});

describe('the page', () => {
	test('that is left ends the stream, and one that is kept resumes', async () => {
		const { world, server, tab, push, seen } = await opened();
		server.publish(1);
		await world.settle();
		tab.close(true);
		await world.settle();
		assert.equal(server.open.length, 0);
		assert.deepEqual(tab.beacons, []);
		server.publish(2);
		await world.advance(MINUTE);
		assert.equal(world.requests.length, 1);
		tab.fire('pageshow', { persisted: true });
		await world.until(() => push.state.name === 'open');
		await world.settle();
		assert.deepEqual(seen, [1, 2]);
		tab.close();
		assert.equal(tab.beacons.length, 1);
	});

	test('that is loaded again is the same client, and keeps its cursor where it wants', async () => {
		for (const keepCursor of [false, true]) {
			const { world, server, tab, seen } = await opened({ keepCursor });
			server.publish(1);
			await world.settle();
			tab.close();
			server.publish(2);
			const again = open(world, { keepCursor }, tab.browser.tab(tab.session));
			await world.until(() => again.push.state.name === 'open');
			await world.settle();
			const [one, two] = world.requests.map(({ url }) => url.searchParams);
			assert.equal(one.get('client'), two.get('client'));
			assert.notEqual(one.get('page'), two.get('page'));
			assert.deepEqual(seen, [1]);
			assert.deepEqual(again.seen, keepCursor ? [2] : []);
			assert.equal(tab.session.size, 0, 'a duplicate of the tab finds nothing');
		}
	});

	test('in the background keeps its stream, or closes it after 60 s', async () => {
		for (const whenHidden of ['keep', 'close']) {
			const { world, server, tab, push, seen } = await opened({ whenHidden });
			tab.hide();
			await world.advance(50_000);
			assert.equal(server.open.length, 1);
			await world.advance(20_000);
			assert.equal(server.open.length, whenHidden === 'keep' ? 1 : 0);
			server.publish(1);
			tab.show();
			await world.until(() => push.state.name === 'open');
			await world.settle();
			assert.deepEqual(seen, [1]);
		}
	});

	test('that closes in the turn in which it connects opens nothing', async () => {
		for (const options of [{}, { tabs: 'shared', user: 'alice' }, { tabs: 'shared' }]) {
			const world = new World();
			const server = new Server(world);
			open(world, options).push.close();
			await world.advance(5_000);
			assert.equal(server.streams.length, 0);
			assert.equal(world.requests.length, 0);
		}
	});

	test('that was kicked and hidden stays kicked when it is shown', async () => {
		const { world, server, tab, push } = await opened({ whenHidden: 'close' });
		server.open[0].write(block('push.kicked', { reason: 'takeover' }, 'k.1-0'));
		await world.advance(1_000);
		tab.hide();
		await world.advance(70_000);
		tab.show();
		await world.advance(5_000);
		assert.equal(push.state.name, 'kicked');
		assert.equal(server.streams.length, 1);
	});

	test('whose token comes late asks half a second apart all the same', async () => {
		const world = new World();
		const server = new Server(world);
		const tab = world.tab();
		const late = () => new Promise((resolve) => {
			tab.setTimeout(() => resolve(jwt('alice')), 400);
		});
		const { push } = open(world, { token: late }, tab);
		await world.advance(100);
		push.subscribe('b');
		await world.advance(5_000);
		const times = world.requests.map(({ at }) => at);
		assert.ok(times.length >= 2, `asks again: ${times.length}`);
		times.slice(1).forEach((at, i) => assert.ok(at - times[i] >= 500, `${at - times[i]} ms`));
		assert.equal(server.open.length, 1);
	});

	test('is given no token of another user', async () => {
		let user = 'alice';
		const { world, server } = await opened({ tabs: 'shared', token: async () => jwt(user) });
		user = 'bob';
		server.open[0].write(block('push.expiring', { reason: 'token', atMs: world.time + 50_000 }, server.head()));
		await world.advance(20_000);
		assert.equal(server.streams.length, 1);
	});

	test('takes what is no token for none, and asks again', async () => {
		let answers = 0;
		const { world, server, push } = await opened({ tabs: 'shared',
			token: async () => (answers++ ? jwt('alice') : '<html>\r\n502</html>') });
		await world.advance(5_000);
		assert.equal(push.state.name, 'open');
		assert.equal(server.streams.length, 1);
		assert.equal(answers, 2);
	});

	test('that connects twice has one stream, which closes with the last', async () => {
		const { world, server, tab, push, seen } = await opened({ channels: ['a'] });
		server.publish(1);
		await world.advance(1_000);
		const second = open(world, { channels: ['b'] }, tab);
		await world.advance(2_000);
		server.publish(2);
		await world.settle();
		assert.equal(server.open.length, 1);
		assert.deepEqual(server.open[0].channels, ['a', 'b']);
		assert.deepEqual(seen, [1, 2]);
		assert.deepEqual(second.seen, [2]);
		push.close();
		await world.advance(2_000);
		assert.equal(server.open.length, 1);
		second.push.close();
		await world.settle();
		assert.equal(server.open.length, 0);
	});

	test('whose second connect is further behind is given what it lacks', async () => {
		const { world, server, tab, seen } = await opened();
		const first = server.head();
		server.publish(1);
		server.publish(2);
		await world.advance(1_000);
		const second = open(world, { lastEventId: first }, tab);
		await world.advance(2_000);
		server.publish(3);
		await world.settle();
		assert.deepEqual(seen, [1, 2, 3]);
		assert.deepEqual(second.seen, [1, 2, 3]);
	});

	test('with more than two streams is warned', async () => {
		const world = new World();
		const tab = world.tab();
		for (const path of ['a', 'b', 'c']) {
			connect(`https://push.example/${path}`, { tabs: 'each' }, tab);
		}
		assert.equal(tab.warnings.length, 1);
		assert.match(tab.warnings[0], /3 streams/);
	});

	test('shows what it has', async () => {
		const { world, server, push, tab } = await opened();
		server.publish(1);
		await world.advance(5_000);
		const { connections: [connection], ...stats } = push.stats();
		assert.equal(connection.id, 'c.1');
		assert.equal(connection.url, ADDRESS);
		assert.equal(connection.tab, stats.tab);
		assert.ok(connection.since <= world.time);
		assert.equal(stats.opens, 1);
		assert.equal(stats.messages, 1);
		const tables = [];
		tab.console.table = (table) => tables.push(table);
		push.debug();
		assert.equal(tables.length, 2);
	});
});

describe('options', () => {
	const WRONG = {
		token: ['abc', null, 7],
		channels: ['news', null, {}, [''], [7], [null]],
		tabs: ['some', null, true],
		whenHidden: ['no', null],
		maxAttempts: ['3', null, 0, -1, NaN],
		backoff: [null, 5, 'slow', [1_000], { min: 0 }, { min: -1 }, { min: 'a' }, { max: NaN }, { min: 2_000, max: 1_000 }, { max: Infinity }],
		lastEventId: ['a\nb', '', null, 7],
		user: [{ id: 7 }, 7, null],
		worker: [true, 7],
		keepCursor: ['yes', null, 1],
		heartbeat: ['comment', null],
		debug: ['no', null],
		channel: ['news'], // there is none of this name
	};
	for (const [name, values] of Object.entries(WRONG)) {
		for (const value of values) {
			test(inspect({ [name]: value }), () => {
				const tab = new World().tab();
				assert.throws(() => connect(ADDRESS, { [name]: value }, tab), { name: 'TypeError', message: new RegExp(`^${name}: .+ expected$`) });
				assert.equal(tab.groups.size, 0);
			});
		}
	}

	test('that are left undefined, and each at its limit', async () => {
		const names = Object.keys(WRONG).filter((name) => name !== 'token');
		for (const options of [Object.fromEntries(names.map((name) => [name, undefined])), { maxAttempts: 1, backoff: {} },
			{ maxAttempts: Infinity, backoff: { min: 1, max: 3_600_000 } }, { backoff: { min: 60_000 } }, { backoff: { max: 500 } },
			{ worker: new URL('https://app.example/worker.js'), keepCursor: false, debug: false, user: '', channels: [] }]) {
			const { push } = await opened(options);
			assert.equal(push.state.name, 'open');
		}
	});

	test('of topics that are subscribed to later', async () => {
		const { push } = await opened();
		for (const topic of ['', 7, null, undefined]) {
			assert.throws(() => push.subscribe(topic), { name: 'TypeError', message: 'channels: strings expected' });
			assert.throws(() => push.unsubscribe(topic), { name: 'TypeError', message: 'channels: strings expected' });
		}
	});
});
