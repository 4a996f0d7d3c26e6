import assert from 'node:assert/strict';
import { test } from 'node:test';

import { connect } from '../src/fanfare.js';
import { Server, World, jwt } from './world.js';

const LONG = process.env.FANFARE_LONG === 'true';
const SEED = Number(process.env.FANFARE_SEED ?? 1);
const ROUNDS = LONG ? 2_000 : 24;
const STEPS = 50;

/** Random numbers that repeat with their seed (mulberry32). */
function randomOf(seed) {
	let state = seed;
	return () => {
		state = (state + 0x6D2B79F5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

/** Tabs of one user come and go as they like, while messages are published. */
async function live(seed) {
	const random = randomOf(seed);
	const pick = (list) => list[Math.floor(random() * list.length)];
	const world = new World({ random });
	const server = new Server(world);
	const browser = world.browser({ locks: random() < 0.6, workers: random() < 0.5 });
	const published = []; // the topic of each message, if it has one
	let failing = 0;
	const pages = [];
	const done = [];
	server.refuse = () => failing-- > 0 && new Response('', { status: 500 });
	const add = () => {
		const page = { tab: browser.tab(), seen: [], states: [], topic: pick([undefined, 'a', 'b', 'c']) };
		page.push = connect('https://push.example/events', { token: async () => jwt('alice'), worker: '/worker.js',
			channels: page.topic ? [page.topic] : [] }, page.tab);
		page.push.on('order', (data) => page.seen.push(data));
		page.push.onState((state) => page.states.push(state.name));
		page.tab.shown = random() < 0.5;
		pages.push(page);
		done.push(page);
	};
	const gone = (page) => pages.splice(pages.indexOf(page), 1);
	const awake = () => pages.filter(({ tab }) => !tab.frozen && !tab.away);
	const spare = () => (awake().length > 1 ? pick(awake()) : undefined);
	const actions = {
		add,
		publish() {
			for (let i = Math.ceil(random() * 4); i > 0; i--) {
				const channel = pick([undefined, 'a', 'b']);
				server.publish(published.push(channel) - 1, { channel });
			}
		},
		close() {
			const page = spare();
			page?.tab.close();
			page && gone(page);
		},
		crash() {
			const page = spare();
			page?.tab.crash();
			page && gone(page);
		},
		freeze: () => spare()?.tab.freeze({ told: random() < 0.5 }),
		thaw: () => pages.forEach(({ tab }) => tab.frozen && tab.thaw()),
		leave() {
			const page = spare();
			page?.tab.close(true);
			page && (page.tab.away = true);
		},
		comeBack: () => pages.filter(({ tab }) => tab.away).forEach(({ tab }) => {
			tab.away = false;
			tab.fire('pageshow', { persisted: true });
		}),
		hide: () => pick(awake())?.tab.hide(),
		show: () => pick(awake())?.tab.show(),
		cut: () => server.open.forEach((stream) => stream.fail()),
		fail: () => {
			failing = 3;
		},
		worker() {
			const worker = [...browser.workers.values()][0];
			if (worker?.frozen && !worker.closed) {
				worker.thaw();
			}
			else if (worker) {
				random() < 0.5 ? worker.freeze() : worker.crash();
			}
		},
	};
	add();
	for (let step = 0; step < STEPS; step++) {
		const name = pick(['publish', 'publish', 'publish', ...Object.keys(actions)]);
		if (name !== 'add' || pages.length < 6) {
			actions[name]();
		}
		await world.advance(Math.floor(random() * random() * 6_000));
	}
	actions.thaw();
	actions.comeBack();
	failing = 0;
	pages.forEach(({ tab }) => tab.show());
	await world.advance(90_000);
	const last = published.push(undefined) - 1;
	server.publish(last);
	await world.advance(2_000);
	assert.equal(server.open.length, 1, 'one stream');
	for (const page of done) {
		const own = [...published.keys()].filter((i) => [undefined, page.topic].includes(published[i]));
		const begin = own.indexOf(page.seen[0]);
		assert.deepEqual(page.seen, page.seen.length ? own.slice(begin, begin + page.seen.length) : [], 'hole, double, or of another topic');
		assert.ok(!page.states.includes('kicked'), `kicked: ${page.states}`);
		assert.ok(!page.states.includes('failed'), `failed: ${page.states}`);
	}
	pages.forEach(({ seen }) => assert.equal(seen.at(-1), last, `not up to ${last}: ${seen}`));
	world.requests.slice(1).forEach(({ at, tab }, i) => {
		const distance = at - world.requests[i].at;
		// A worker that thaws has no storage, and has not heard the others yet
		const deaf = tab.isWorker && at - tab.thawedAt < 500 && tab !== world.requests[i].tab;
		assert.ok(distance >= 500 || deaf, `opens are ${distance} ms apart`);
	});
}

test(`tabs come and go: no hole, no double, one stream (${ROUNDS} rounds from FANFARE_SEED=${SEED})`, async () => {
	for (let round = 0; round < ROUNDS; round++) {
		const seed = SEED + round;
		await live(seed).catch((error) => {
			throw new Error(`FANFARE_SEED=${seed}`, { cause: error });
		});
	}
});
