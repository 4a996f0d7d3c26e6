import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { connect } from '../src/fanfare.js';
import { Server, ServerStream, World, jwt, never } from './world.js';

const ADDRESS = 'https://push.example/events';
const WORKER = 'https://app.example/client/fanfare-worker.js';

function page(tab, options = {}) {
	const seen = [];
	const states = [];
	const push = connect(ADDRESS, { token: async () => jwt('alice'), worker: WORKER, ...options }, tab);
	push.on('order', (data) => seen.push(data));
	push.onState((state) => states.push(state.name));
	return { tab, push, seen, states };
}

const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

/** Some tabs of one browser that share a stream. */
async function group(count, browserOptions = {}, options = () => ({})) {
	const world = new World();
	const server = new Server(world);
	const browser = world.browser(browserOptions);
	const pages = [];
	for (let i = 0; i < count; i++) {
		pages.push(page(browser.tab(), options(i)));
	}
	await world.until(() => pages.every(({ push }) => push.state.name === 'open'));
	await world.advance(1_000);
	let next = 0;
	return {
		world, server, browser, pages,
		async publish(times = 1) {
			for (let i = 0; i < times; i++) {
				server.publish(next++);
				await world.settle();
			}
		},
		check(list = pages) {
			list.forEach(({ seen }) => assert.deepEqual(seen, range(0, next)));
		},
		leader: () => pages.find(({ tab }) => tab === server.open[0].request.tab),
		worker: () => [...browser.workers.values()][0],
		add(more) {
			pages.push(page(browser.tab(), more));
			return pages.at(-1);
		},
	};
}

const KINDS = {
	'a worker': { workers: true },
	locks: {},
	'a worker without locks': { workers: true, locks: false },
	'an election': { locks: false },
};

for (const [kind, options] of Object.entries(KINDS)) {
	describe(`by ${kind}`, () => {
		const stopLeader = async (all, stop) => {
			const gone = all.leader();
			stop(gone?.tab ?? all.worker());
			return all.pages.filter((each) => each !== gone);
		};

		test('seven tabs have one stream', async () => {
			const all = await group(7, options);
			await all.publish(5);
			all.check();
			assert.equal(all.server.streams.length, 1);
			assert.equal(!all.leader(), !!options.workers);
			for (const { push } of all.pages) {
				assert.equal(push.stats().tabs, 7);
				assert.equal(push.stats().connections.length, 1);
			}
		});

		test('a leader that closes is followed at once', async () => {
			const all = await group(5, options);
			await all.publish(3);
			const left = await stopLeader(all, (tab) => (tab.isWorker ? tab.crash() : tab.close()));
			await all.publish(3);
			await all.world.advance(2_000);
			all.check(left);
			assert.equal(all.server.open.length, 1);
			assert.equal(all.pages.flatMap(({ tab }) => tab.beacons).length, 0);
		});

		test('a leader that crashes is followed within 5 s', async () => {
			const all = await group(5, options);
			await all.publish(3);
			const left = await stopLeader(all, (tab) => tab.crash());
			await all.publish(3);
			await all.world.advance(5_000);
			all.check(left);
			assert.equal(all.server.open.length, 1);
		});

		test('a leader that freezes is replaced within 5 s, and follows when it thaws', async () => {
			const all = await group(5, options);
			await all.publish(3);
			let frozen;
			const left = await stopLeader(all, (tab) => {
				frozen = tab;
				tab.freeze();
			});
			await all.publish(3);
			await all.world.advance(5_000);
			all.check(left);
			await all.publish(3);
			frozen.thaw();
			await all.publish(3);
			await all.world.advance(10_000);
			await all.publish(3);
			all.check();
			assert.equal(all.server.open.length, 1);
			assert.notEqual(all.server.open[0].request.tab, frozen);
			all.pages.forEach(({ states }) => assert.ok(!states.includes('kicked')));
		});

		test('a tab that is told that it freezes leaves at once, and comes back with its place', async () => {
			const all = await group(4, options);
			await all.publish(2);
			const frozen = all.leader() ?? all.pages[0];
			all.pages.forEach(({ tab }) => tab.hide());
			frozen.tab.freeze({ told: true });
			await all.publish(2);
			await all.world.advance(2_000);
			all.check(all.pages.filter((each) => each !== frozen));
			assert.equal(all.server.open.length, 1);
			assert.notEqual(all.server.open[0].request.tab, frozen.tab);
			assert.equal(all.world.calls.filter(({ beacon }) => beacon).length, 0);
			frozen.tab.thaw();
			await all.publish(2);
			await all.world.advance(3_000);
			await all.publish(2);
			all.check();
			assert.equal(all.server.open.length, 1);
			assert.equal(frozen.push.stats().tabs, 4);
		});

		test('a follower that froze lacks nothing', async () => {
			const all = await group(4, options);
			const frozen = all.pages.find((each) => each !== all.leader());
			await all.publish(2);
			frozen.tab.freeze();
			await all.publish(2);
			await all.world.advance(120_000);
			await all.publish(2);
			frozen.tab.thaw();
			await all.world.advance(5_000);
			await all.publish(2);
			all.check();
		});

		test('a follower that froze for so long that its topics were left out lacks nothing', async () => {
			const all = await group(3, options, (i) => ({ channels: [`topic-${i}`] }));
			await all.world.advance(5_000);
			const frozen = all.pages.find((each) => each !== all.leader());
			const channel = `topic-${all.pages.indexOf(frozen)}`;
			frozen.tab.freeze();
			await all.world.advance(60_000);
			all.server.open[0].fail();
			await all.world.until(() => all.server.open.length === 1);
			assert.equal(all.server.open[0].channels.length, 2);
			all.server.publish('its own', { channel });
			all.server.publish('of all');
			await all.world.settle();
			frozen.tab.thaw();
			await all.world.advance(5_000);
			assert.deepEqual(frozen.seen, ['its own', 'of all']);
		});

		test('each leader leaves in turn, and the last ends the stream', async () => {
			const all = await group(6, options);
			let left = [...all.pages];
			while (left.length > 1) {
				await all.publish(2);
				const gone = all.leader() ?? left[0];
				left = left.filter((each) => each !== gone);
				gone.tab.close();
				await all.publish(2);
				await all.world.advance(2_000);
				all.check(left);
				assert.equal(all.server.open.length, 1);
			}
			const { url } = all.server.streams.at(-1).request;
			assert.equal(url.searchParams.get('page'), all.server.streams[0].request.url.searchParams.get('page'), 'no twins');
			left[0].tab.close();
			await all.world.advance(100);
			assert.deepEqual(all.world.calls.filter(({ beacon }) => beacon).map((call) => call.url).slice(0, 1), [`${ADDRESS}/close`]);
			assert.equal(all.server.open.length, 0);
		});

		test('a tab that loads later has the state, and what comes from then on', async () => {
			const all = await group(2, options);
			await all.publish(3);
			const late = all.add();
			await all.world.advance(1_000);
			assert.equal(late.push.state.name, 'open');
			await all.publish(3);
			assert.deepEqual(late.seen, [3, 4, 5]);
			assert.equal(all.server.streams.length, 1);
		});

		test('a tab that is further behind is given what it lacks, and the others nothing twice', async () => {
			const all = await group(3, options);
			const begin = all.server.head();
			await all.publish(5);
			const late = all.add({ lastEventId: begin });
			all.server.publish(5);
			await all.world.advance(2_000);
			all.server.publish(6);
			await all.world.settle();
			all.pages.forEach(({ seen }) => assert.deepEqual(seen, range(0, 7)));
			assert.ok(late.push.state.name === 'open');
			assert.equal(all.server.streams.length, 2);
			assert.ok(all.pages[0].push.stats().duplicates >= 5);
		});

		test('tabs with different topics have all of them on one stream, and each is handed its own', async () => {
			const all = await group(3, options, (i) => ({ channels: [`topic-${i}`] }));
			await all.world.advance(5_000);
			assert.deepEqual(all.server.open[0].channels, ['topic-0', 'topic-1', 'topic-2']);
			[0, 1, 2].forEach((i) => all.server.publish(`of ${i}`, { channel: `topic-${i}` }));
			all.server.publish('of all');
			await all.world.settle();
			all.pages.forEach(({ seen }, i) => assert.deepEqual(seen, [`of ${i}`, 'of all']));
			all.pages[1].push.subscribe('more');
			await all.world.advance(1_000);
			assert.deepEqual(all.server.open[0].channels, ['more', 'topic-0', 'topic-1', 'topic-2']);
			all.pages[1].push.unsubscribe('more');
			await all.world.advance(1_000);
			assert.equal(all.server.open[0].channels.length, 3);
			assert.equal(all.server.open.length, 1);
		});

		test('403 fails the tab that asked; the others go on', async () => {
			const all = await group(3, options, (i) => ({ channels: [`topic-${i}`] }));
			await all.world.advance(5_000);
			all.server.refuse = ({ url }) => url.searchParams.getAll('channel').includes('secret') && new Response('', { status: 403 });
			const asks = all.pages.find((each) => each !== all.leader());
			asks.push.subscribe('secret');
			await all.publish();
			await all.world.advance(10_000);
			assert.equal(asks.push.state.name, 'failed');
			assert.equal(asks.push.state.status, 403);
			await all.publish();
			all.check(all.pages.filter((each) => each !== asks));
			assert.deepEqual(all.server.open[0].channels.filter((topic) => topic === 'secret'), []);
			assert.equal(all.server.open.length, 1);
		});

		test('403 at the first open fails the tabs that asked for too much', async () => {
			const world = new World();
			const server = new Server(world);
			server.refuse = ({ url }) => url.searchParams.getAll('channel').some((topic) => topic.startsWith('secret'))
				&& new Response('', { status: 403 });
			const browser = world.browser(options);
			const pages = ['secret-1', 'a', 'secret-2', 'b'].map((topic) => page(browser.tab(), { channels: [topic] }));
			await world.advance(60_000);
			assert.deepEqual(pages.map(({ push }) => push.state.name), ['failed', 'open', 'failed', 'open']);
			assert.deepEqual(server.open[0].channels, ['a', 'b']);
		});

		test('more than 32 topics fail the tab that asked', async () => {
			const all = await group(2, options, (i) => ({ channels: range(0, 16).map((n) => `t-${i}-${n}`) }));
			await all.world.advance(5_000);
			assert.equal(all.server.open[0].channels.length, 32);
			const late = all.add({ channels: ['one-more'] });
			const same = all.add({ channels: ['t-0-3'] });
			await all.world.advance(5_000);
			assert.deepEqual(late.push.state, { name: 'failed', reason: 'more than 32 topics' });
			assert.equal(same.push.state.name, 'open');
			assert.equal(all.server.open[0].channels.length, 32);
		});

		test('a leader asks another tab for a token, the next one after 2 s', async () => {
			let stuck = true;
			const asked = [];
			const all = await group(3, options, (i) => ({ user: 'alice', token: () => {
				asked.push(i);
				return stuck && i < 2 ? never() : jwt('alice');
			} })).catch((error) => error);
			stuck = false;
			assert.ok(!(all instanceof Error), String(all));
			assert.ok(all.server.streams[0].request.at - all.world.start <= 5_000);
			assert.equal(all.server.streams.length, 1);
			assert.deepEqual([...new Set(asked)].length, asked.length, 'each once');
		});

		test('a token that one tab has no more comes from another', async () => {
			let signedOut = 0;
			const all = await group(3, options, (i) => ({ user: 'alice', token: async () => (i < signedOut ? null : jwt('alice')) }));
			signedOut = 2;
			all.server.open[0].write('event: push.goaway\ndata: {"reason":"token-expired","afterMs":1000}\n\n');
			all.server.open[0].end();
			await all.world.advance(10_000);
			assert.ok(all.pages.every(({ push }) => push.state.name === 'open'));
			signedOut = 3;
			all.server.open[0].write('event: push.goaway\ndata: {"reason":"token-expired","afterMs":1000}\n\n');
			all.server.open[0].end();
			await all.world.advance(10_000);
			assert.ok(all.pages.every(({ push }) => push.state.name === 'failed' && push.state.reason === 'no token'));
		});

		test('a gap of a topic is one of its tabs alone', async () => {
			const all = await group(2, options, (i) => ({ channels: [`topic-${i}`] }));
			await all.world.advance(5_000);
			const gaps = [[], []];
			all.pages.forEach(({ push }, i) => push.onGap((gap) => gaps[i].push(gap.channels.join())));
			for (const channels of [['topic-1'], ['all'], ['topic-0', 'user:alice']]) {
				all.server.open[0].write(`id: ${all.server.head()}\nevent: push.gap\ndata: ${JSON.stringify({ channels, from: '0-0',
					to: all.server.head(), reason: 'data-loss' })}\n\n`);
			}
			await all.world.settle();
			assert.deepEqual(gaps, [['all', 'topic-0,user:alice'], ['topic-1', 'all', 'topic-0,user:alice']]);
		});

		test('a token that one tab cannot have comes from another', async () => {
			const all = await group(3, options, (i) => ({ user: 'alice', token: async () => {
				if (i < 2) {
					throw new Error('no');
				}
				return jwt('alice');
			} }));
			assert.equal(all.server.streams.length, 1);
			assert.ok(all.server.streams[0].request.at - all.world.start < 2_000);
		});

		test('opened in another browser all tabs are kicked, and stay so whoever leaves', async () => {
			const all = await group(4, options);
			await all.publish(2);
			const other = page(all.world.browser().tab());
			await all.world.until(() => all.pages.every(({ push }) => push.state.name === 'kicked'));
			const { length } = all.world.requests;
			for (const { tab } of all.pages.slice(0, 2)) {
				tab.close();
				await all.world.advance(10_000);
			}
			all.pages[2].tab.show();
			all.pages[2].tab.fire('online');
			await all.world.advance(600_000);
			assert.equal(all.world.requests.length, length);
			assert.equal(other.push.state.name, 'open');
			await all.publish(2);
			all.pages[3].push.takeOver();
			await all.world.until(() => all.pages.slice(2).every(({ push }) => push.state.name === 'open'));
			await all.world.advance(1_000);
			assert.equal(other.push.state.name, 'kicked');
			await all.publish(2);
			all.check(all.pages.slice(2));
			assert.equal(all.server.open.length, 1);
		});

		test('a page that is loaded after a kick takes over, for all tabs', async () => {
			const all = await group(2, options);
			const other = page(all.world.browser().tab());
			await all.world.until(() => all.pages.every(({ push }) => push.state.name === 'kicked'));
			all.add();
			await all.world.until(() => all.pages.every(({ push }) => push.state.name === 'open'));
			await all.world.advance(1_000);
			assert.equal(other.push.state.name, 'kicked');
		});

		test('a tab that is kept by the back/forward cache leaves, and comes back with its place', async () => {
			const all = await group(3, options);
			await all.publish(2);
			const kept = all.leader() ?? all.pages[0];
			kept.tab.close(true);
			await all.publish(2);
			await all.world.advance(20_000);
			await all.publish(2);
			kept.tab.fire('pageshow', { persisted: true });
			await all.world.advance(3_000);
			await all.publish(2);
			all.check();
			assert.equal(all.server.open.length, 1);
			assert.equal(kept.push.stats().tabs, 3);
		});

		test('a stream that breaks is resumed for all', async () => {
			const all = await group(3, options);
			for (let i = 0; i < 5; i++) {
				await all.publish(2);
				all.server.open[0].fail();
				await all.publish(2);
				await all.world.until(() => all.server.open.length === 1);
				await all.world.settle();
			}
			await all.publish(1);
			all.check();
		});

		test('acknowledgements are those of the tab that is furthest behind', async () => {
			const all = await group(3, options);
			const events = [];
			all.pages[1].push.on('job', (data, event) => events.push(event), { ack: 'manual' });
			const below = all.server.publish(0);
			const id = all.server.publish(1, { event: 'job' });
			await all.world.advance(60_000);
			const cursors = () => all.world.calls.filter(({ beacon }) => !beacon).map(({ body }) => body.cursor).filter(Boolean);
			assert.equal(cursors().at(-1), below);
			events[0].ack();
			await all.world.advance(60_000);
			assert.equal(cursors().at(-1), id);
			assert.deepEqual(all.world.calls.flatMap(({ body }) => body.ids ?? []), [id]);
		});
	});
}

describe('tabs do not share', () => {
	test('with another user, another address, a token without sub, or each for itself', async () => {
		const world = new World();
		const server = new Server(world);
		const browser = world.browser();
		const tabs = [
			page(browser.tab()), page(browser.tab(), { token: () => jwt('bob') }), page(browser.tab(), { user: 'x', token: () => jwt('carol') }),
			page(browser.tab(), { tabs: 'each', token: () => jwt('dave') }), page(browser.tab(), { token: () => jwt(undefined) }),
		];
		await world.until(() => tabs.every(({ push }) => push.state.name === 'open'));
		assert.equal(server.open.length, 5);
		assert.equal(new Set(server.open.map(({ client }) => client)).size, 5);
	});

	test('where the browser has no channel', async () => {
		const world = new World();
		new Server(world);
		const browser = world.browser({ channels: false });
		const [one, two] = [page(browser.tab()), page(browser.tab())];
		await world.advance(5_000);
		assert.deepEqual([one, two].map(({ push }) => push.state.name).sort(), ['kicked', 'open']);
	});
});

describe('the worker', () => {
	test('that has no script is done without', async () => {
		const all = await group(3, { workers: 'broken' });
		await all.publish(2);
		all.check();
		assert.ok(all.leader());
		assert.ok(all.server.streams[0].request.at - all.world.start < 1_000);
	});

	test('whose address is none is done without', async () => {
		const world = new World();
		new Server(world);
		const { push } = page(world.tab({ workers: true }), { worker: 'http://[' });
		await world.until(() => push.state.name === 'open');
	});

	test('of another origin is not asked for', async () => {
		const all = await group(2, { workers: true }, () => ({ worker: 'https://push.example/client/fanfare-worker.js' }));
		assert.ok(all.leader());
		assert.equal(all.browser.workers.size, 0);
	});

	test('whose locks are forbidden elects', async () => {
		const world = new World();
		const server = new Server(world);
		const browser = world.browser();
		const pages = [browser.tab(), browser.tab()].map((tab) => {
			tab.locks = { request: () => Promise.reject(new Error('SecurityError')) };
			return page(tab);
		});
		await world.until(() => pages.every(({ push }) => push.state.name === 'open'));
		assert.equal(server.open.length, 1);
	});
});

test('a leader whose stream another one has replaced follows it', async () => {
	const all = await group(2, { locks: false });
	await all.publish(2);
	const first = all.leader();
	// Messages between the tabs are lost, as where both load at the same time
	const { deliver } = all.browser;
	all.browser.deliver = () => {};
	const second = all.pages.find((each) => each !== first);
	await all.world.until(() => all.server.open[0].request.tab === second.tab, 20_000);
	all.browser.deliver = deliver;
	await all.world.advance(10_000);
	await all.publish(2);
	all.check();
	assert.equal(all.server.open.length, 1);
	all.pages.forEach(({ states }) => assert.ok(!states.includes('kicked')));
	const { length } = all.world.requests;
	await all.world.advance(120_000);
	assert.equal(all.world.requests.length, length, 'they do not fight');
});

test('a stream is given up to an answer that is no stream without a loop among tabs', async () => {
	const world = new World();
	world.serve = (request) => {
		const stream = new ServerStream(request);
		stream.write('id: 1-0\nevent: push.connected\ndata: {"key":"k"}\n\n');
		stream.end();
		return stream.response;
	};
	const browser = world.browser({ locks: false });
	range(0, 5).forEach(() => page(browser.tab()));
	await world.advance(300_000);
	const times = world.requests.map(({ at }) => at);
	assert.ok(Math.min(...times.slice(1).map((at, i) => at - times[i])) >= 500);
	assert.ok(times.length < 40);
});

test('only the page that has the stream writes to the storage of all', async () => {
	const world = new World();
	const server = new Server(world);
	const browser = world.browser();
	const writers = new Set();
	const tab = () => {
		const made = browser.tab();
		const storage = made.storage.bind(made);
		made.storage = (kind) => {
			const write = (call) => (...values) => {
				writers.add(made);
				return storage(kind)[call](...values);
			};
			return { getItem: storage(kind).getItem, setItem: write('setItem'), removeItem: write('removeItem') };
		};
		return made;
	};
	const pages = [page(tab(), { worker: undefined }), page(tab(), { worker: undefined }), page(tab(), { worker: undefined })];
	await world.until(() => pages.every(({ push }) => push.state.name === 'open'));
	writers.clear();
	const [stream] = server.open;
	stream.end();
	await world.until(() => server.open.length === 1 && pages.every(({ push }) => push.state.name === 'open'));
	assert.deepEqual([...writers], [stream.request.tab]);
	writers.clear();
	connect(ADDRESS, { token: async () => jwt('alice') }, world.tab()); // another browser takes over
	await world.until(() => pages.every(({ push }) => push.state.name === 'kicked'));
	assert.deepEqual([...writers], [stream.request.tab]);
	assert.equal([...browser.local.keys()].length, 0);
});

describe('options that the caller changes', () => {
	const change = async (then) => {
		const world = new World();
		const server = new Server(world);
		const tab = world.tab();
		const options = { user: 'alice', token: async () => jwt('alice') };
		const push = connect(ADDRESS, options, tab);
		options.user = 'bob';
		const bob = then && connect(ADDRESS, { user: 'bob', token: async () => jwt('bob') }, tab);
		await world.until(() => push.state.name === 'open');
		push.close();
		return { world, server, tab, bob };
	};

	test('do not keep a group that is closed from being opened again', async () => {
		const { world, server, tab } = await change(false);
		assert.equal(tab.groups.size, 0);
		const again = connect(ADDRESS, { user: 'alice', token: async () => jwt('alice') }, tab);
		await world.until(() => again.state.name === 'open');
		assert.deepEqual(server.open.map(({ user }) => user), ['alice']);
		assert.ok(![...tab.channels].some(({ name }) => name.endsWith('bob')));
	});

	test('take no other group away', async () => {
		const { world, server, tab, bob } = await change(true);
		await world.until(() => bob.state.name === 'open');
		const more = connect(ADDRESS, { user: 'bob', token: async () => jwt('bob') }, tab);
		await world.until(() => more.state.name === 'open');
		assert.equal(tab.groups.size, 1);
		assert.deepEqual(server.streams.map(({ user }) => user).sort(), ['alice', 'bob']);
	});
});
