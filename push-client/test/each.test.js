import assert from 'node:assert/strict';
import { test } from 'node:test';

import { connect } from '../src/fanfare.js';
import { Server, World, jwt } from './world.js';

const URL_ = 'https://push.example/events';

test('a page receives what is published, once and in order', async () => {
	const world = new World();
	const server = new Server(world);
	const tab = world.tab();
	const push = connect(URL_, { token: async () => jwt('alice'), tabs: 'each', channels: ['news'] }, tab);
	const seen = [];
	push.on('order', (data, event) => seen.push([data, event.type]));
	const states = [];
	push.onState((state) => states.push(state.name));
	await world.until(() => push.state.name === 'open');
	for (let i = 0; i < 10; i++) {
		server.publish({ i });
	}
	await world.settle();
	assert.deepEqual(seen.map(([data]) => data.i), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
	server.open[0].fail();
	server.publish({ i: 10 });
	await world.until(() => push.state.name === 'open' && seen.length > 10);
	assert.equal(seen.length, 11);
	assert.deepEqual(states, ['open', 'reconnecting', 'connecting', 'open']);
	push.close();
	await world.settle();
	assert.equal(server.open.length, 0);
	assert.equal(push.state.name, 'closed');
});
