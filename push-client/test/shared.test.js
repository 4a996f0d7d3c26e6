import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { connect } from '../src/fanfare.js';
import { Server, World, jwt } from './world.js';

const URL_ = 'https://push.example/events';

function page(tab, options = {}) {
	const seen = [];
	const states = [];
	const push = connect(URL_, { token: async () => jwt('alice'), ...options }, tab);
	push.on('order', (data) => seen.push(data));
	push.onState((state) => states.push(state.name));
	return { tab, push, seen, states };
}

for (const locks of [true, false]) {
	describe(locks ? 'with locks' : 'without locks', () => {

		async function tabs(count) {
			const world = new World();
			const server = new Server(world);
			const browser = world.browser({ locks });
			const pages = [];
			for (let i = 0; i < count; i++) {
				pages.push(page(browser.tab()));
			}
			await world.until(() => pages.every(({ push }) => push.state.name === 'open'));
			let next = 0;
			const publish = async (times = 1) => {
				for (let i = 0; i < times; i++) {
					server.publish(next++);
					await world.settle();
				}
			};
			const check = (list = pages) => list.forEach(({ seen }) => assert.deepEqual(seen, Array.from({ length: next }, (_, i) => i)));
			return { world, server, browser, pages, publish, check };
		}

		const leader = ({ server, pages }) => pages.find(({ tab }) => tab === server.open[0].request.tab);

		test('seven tabs have one stream', async () => {
			const group = await tabs(7);
			await group.publish(5);
			group.check();
			assert.equal(group.server.streams.length, 1);
			assert.equal(group.pages[0].push.stats().tabs, 7);
		});

		test('a leader that closes is followed at once', async () => {
			const group = await tabs(5);
			await group.publish(3);
			const gone = leader(group);
			gone.tab.close();
			await group.publish(3);
			await group.world.advance(2_000);
			group.check(group.pages.filter((each) => each !== gone));
			assert.equal(group.server.open.length, 1);
			assert.deepEqual(gone.tab.beacons, []);
		});

		test('a leader that crashes is followed within 5 s', async () => {
			const group = await tabs(5);
			await group.publish(3);
			const gone = leader(group);
			gone.tab.crash();
			await group.publish(3);
			await group.world.advance(5_000);
			group.check(group.pages.filter((each) => each !== gone));
			assert.equal(group.server.open.length, 1);
		});

		test('a leader that freezes is replaced within 5 s, and follows when it thaws', async () => {
			const group = await tabs(5);
			await group.publish(3);
			const frozen = leader(group);
			frozen.tab.freeze();
			await group.publish(3);
			await group.world.advance(5_000);
			group.check(group.pages.filter((each) => each !== frozen));
			await group.publish(3);
			frozen.tab.thaw();
			await group.publish(3);
			await group.world.advance(10_000);
			await group.publish(3);
			group.check();
			assert.equal(group.server.open.length, 1);
			assert.notEqual(leader(group), frozen);
			group.pages.forEach(({ states }) => assert.ok(!states.includes('kicked')));
		});

		test('each leader leaves in turn', async () => {
			const group = await tabs(6);
			const left = [...group.pages];
			while (left.length > 1) {
				await group.publish(2);
				const gone = leader(group);
				left.splice(left.indexOf(gone), 1);
				gone.tab.close();
				await group.publish(2);
				await group.world.advance(2_000);
				group.check(left);
			}
			const last = left[0];
			last.tab.close();
			assert.equal(last.tab.beacons.length, 1);
			assert.equal(last.tab.beacons[0].url, 'https://push.example/events/close');
		});
	});
}
