import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { connect } from '../src/fanfare.js';
import { Server, World, jwt } from './world.js';

const ADDRESS = 'https://push.example/events';

const KINDS = {
	'a worker': { workers: true },
	locks: {},
	'a worker without locks': { workers: true, locks: false },
	'an election': { locks: false },
};

function page(tab, options = {}) {
	const push = connect(ADDRESS, { token: async () => jwt('alice'), worker: 'https://app.example/client/fanfare-worker.js', ...options }, tab);
	return { tab, push };
}

/** The server sees the opens of a group half a second apart, however long each was on its way. */
function check(world, count) {
	const times = world.requests.map(({ at }) => at).sort((one, other) => one - other);
	assert.ok(times.length >= count, `${times.length} opens`);
	times.slice(1).forEach((at, i) => assert.ok(at - times[i] >= 500, `open ${i + 1} is ${at - times[i]} ms after the one before`));
	assert.equal(new Set(world.requests.map(({ url }) => url.searchParams.get('client'))).size, 1);
}

/** Two tabs of which one leads, whose first open takes long to the server. */
async function two(options, slow) {
	const world = new World({ random: () => 0 });
	const server = new Server(world);
	const browser = world.browser(options);
	world.latency = () => (world.requests.length ? 0 : slow);
	const pages = [page(browser.tab()), page(browser.tab())];
	return { world, server, browser, pages };
}

const opening = ({ world }) => world.until(() => world.sent, 10_000, 10);

for (const [kind, options] of Object.entries(KINDS)) {
	describe(`opens of a group by ${kind} are 500 ms apart`, () => {
		test('where the first takes long to arrive and a topic is added', async () => {
			const { world, pages } = await two(options, 400);
			await world.until(() => world.requests.length, 10_000, 10);
			pages[0].push.subscribe('a');
			await world.advance(200);
			pages[1].push.subscribe('b');
			await world.advance(5_000);
			check(world, 2);
		});

		test('where a tab joins that is further behind', async () => {
			const { world, server, browser } = await two(options, 400);
			const begin = server.head();
			await world.until(() => server.open.length, 10_000, 10);
			server.publish(1);
			await world.settle();
			page(browser.tab(), { lastEventId: begin });
			await world.advance(5_000);
			check(world, 2);
		});

		for (const how of ['closes', 'crashes', 'freezes']) {
			test(`where the leader ${how} while its open is on the way`, async () => {
				const all = await two(options, 450);
				const { world, browser } = all;
				const { latency } = world;
				world.latency = (request) => {
					world.sent = request;
					return latency(request);
				};
				await opening(all);
				const { tab } = world.sent;
				if (how === 'freezes' && !tab.isWorker) {
					tab.freeze({ told: true });
				}
				else if (how === 'closes' && !tab.isWorker) {
					tab.close();
				}
				else {
					tab.crash();
				}
				await world.advance(10_000);
				assert.ok([...browser.tabs].some((other) => other !== tab));
				check(world, 2);
			});
		}

		for (const how of ['is reloaded', 'crashes and is loaded again', 'is closed and opened again']) {
			test(`where the only page ${how}`, async () => {
				const world = new World({ random: () => 0 });
				const server = new Server(world);
				const browser = world.browser(options);
				let { tab } = page(browser.tab());
				for (let i = 0; i < 4; i++) {
					await world.until(() => world.requests.length > i, 10_000, 10);
					const { session } = tab;
					if (how.startsWith('crashes')) {
						tab.crash();
					}
					else {
						tab.close();
					}
					browser.workers.forEach((worker) => worker.crash());
					({ tab } = page(browser.tab(how.startsWith('is closed') ? new Map() : session)));
				}
				await world.advance(5_000);
				check(world, 5);
				assert.equal(server.open.length, 1);
			});
		}

		test('where the network is away, and back as the leader leaves', async () => {
			const { world, server, pages } = await two(options, 0);
			await world.until(() => server.open.length, 10_000, 10);
			await world.advance(2_000);
			const { serve } = world;
			world.latency = () => 300;
			world.serve = () => Promise.reject(new TypeError('offline'));
			server.open[0].fail();
			await world.until(() => world.requests.length === 3, 10_000, 10);
			world.serve = serve;
			world.latency = () => 0;
			pages.forEach(({ tab }) => tab.fire('online'));
			pages[0].tab.close();
			await world.advance(10_000);
			check(world, 4);
			assert.equal(server.open.length, 1);
		});

		test('where the token comes late, and another page leads by then', async () => {
			const world = new World({ random: () => 0 });
			const server = new Server(world);
			const browser = world.browser(options);
			const late = () => new Promise((resolve) => {
				world.pass(900).then(() => resolve(jwt('alice')));
			});
			const pages = [page(browser.tab(), { user: 'alice', token: late }), page(browser.tab(), { user: 'alice', token: late })];
			await world.advance(500);
			pages[0].tab.close();
			page(browser.tab(), { user: 'alice', channels: ['a'] });
			await world.advance(10_000);
			check(world, 1);
			assert.equal(server.open.length, 1);
		});
	});
}

test('opens of a page that does not share are 500 ms apart over a reload', async () => {
	const world = new World({ random: () => 0 });
	new Server(world);
	const browser = world.browser();
	const { tab } = page(browser.tab(), { tabs: 'each' });
	await world.until(() => world.requests.length, 10_000, 10);
	tab.close();
	page(browser.tab(tab.session), { tabs: 'each' });
	await world.advance(5_000);
	check(world, 2);
});

test('two pages that both lead, since neither hears the other, are 500 ms apart', async () => {
	const world = new World({ random: () => 0 });
	new Server(world);
	const browser = world.browser({ locks: false });
	browser.deliver = () => {};
	page(browser.tab(), { worker: undefined });
	page(browser.tab(), { worker: undefined });
	await world.advance(3_000);
	check(world, 2);
});

test('a clock that is set back holds no open up', async () => {
	const world = new World({ random: () => 0 });
	const server = new Server(world);
	const browser = world.browser();
	const { tab } = page(browser.tab());
	await world.until(() => server.open.length, 10_000, 10);
	tab.close();
	world.time -= 3_600_000;
	page(browser.tab(tab.session));
	await world.advance(2_000);
	assert.equal(server.open.length, 1);
});

const YEAR = 365 * 24 * 3_600_000;

/** What other versions, other scripts and wrong clocks leave behind. */
const WRONG = { missing: undefined, 'no number': 'soon', null: null, 'an object': {}, 'without end': Infinity, NaN, 'a year ahead': 1_800_000_000_000 + YEAR };

for (const [how, nextAt] of Object.entries(WRONG)) {
	for (const kind of ['localStorage', 'sessionStorage']) {
		test(`a time in ${kind} that is ${how} neither holds an open up nor brings it forward`, async () => {
			const world = new World({ random: () => 0 });
			const server = new Server(world);
			const browser = world.browser();
			const { tab: { session, channels } } = page(browser.tab());
			await world.until(() => server.open.length, 10_000, 10);
			const [{ name }] = channels;
			[...browser.tabs][0].crash();
			browser.local.clear();
			(kind === 'localStorage' ? browser.local : session).set(name, JSON.stringify({ client: 'c', nextAt }));
			const before = world.requests.length;
			const { push } = page(browser.tab(session));
			await world.advance(5_000);
			assert.equal(push.state.name, 'open');
			assert.equal(world.requests.length, before + 1);
		});
	}

	test(`a time in a message that is ${how} neither holds an open up nor brings it forward`, async () => {
		const world = new World({ random: () => 0 });
		const server = new Server(world);
		const browser = world.browser();
		const { tab, push } = page(browser.tab());
		await world.until(() => server.open.length, 10_000, 10);
		const [{ name }] = tab.channels;
		browser.deliver(undefined, name, { kind: 'pong', hub: 'other', since: 0, nextAt });
		await world.settle();
		push.subscribe('a');
		await world.advance(3_000);
		server.open[0].fail();
		await world.advance(5_000);
		assert.equal(server.open.length, 1);
		check(world, 3);
		assert.equal(world.requests.length, 3);
	});

	test(`a time that a worker is hired with and that is ${how} neither holds an open up nor brings it forward`, async () => {
		const world = new World({ random: () => 0 });
		const server = new Server(world);
		const browser = world.browser({ workers: true });
		const { SharedWorker } = browser.tab();
		const tab = browser.tab();
		tab.SharedWorker = function (address, settings) {
			const { port } = new SharedWorker(address, settings);
			this.port = { postMessage: (data) => port.postMessage({ ...data, nextAt }) };
		};
		const { push } = page(tab);
		await world.advance(2_000);
		assert.equal(push.state.name, 'open');
		assert.ok(server.open[0].request.tab.isWorker);
		assert.equal(world.requests.length, 1);
	});
}

test('pages of the version before have other channels, locks, workers and storage', async () => {
	const world = new World();
	const server = new Server(world);
	const browser = world.browser({ workers: true });
	const old = `fanfare ${ADDRESS} alice`;
	browser.local.set(old, 'c'.repeat(65));
	const { tab } = page(browser.tab());
	await world.until(() => server.open.length, 10_000, 10);
	await world.advance(1_000);
	const names = [...browser.workers.keys(), ...browser.held.keys(), ...[...tab.channels].map(({ name }) => name)];
	assert.deepEqual(new Set(names), new Set([`fanfare.2 ${ADDRESS} alice`]));
	assert.equal(browser.local.get(old), 'c'.repeat(65));
	assert.deepEqual([...browser.local.keys()], [old, names[0]]);
	assert.notEqual(server.open[0].client, browser.local.get(old));
});

test('a time a year ahead in a full storage, which takes no other one, does not keep a page from opening', async () => {
	const world = new World({ random: () => 0 });
	const server = new Server(world);
	const browser = world.browser();
	const tab = browser.tab();
	tab.storage = () => ({
		getItem: () => JSON.stringify({ client: 'c', nextAt: world.time + YEAR }),
		setItem() {
			throw new DOMException('full', 'QuotaExceededError');
		},
	});
	page(tab);
	await world.advance(5_000);
	assert.equal(server.open.length, 1);
	assert.equal(world.requests.length, 1);
});
