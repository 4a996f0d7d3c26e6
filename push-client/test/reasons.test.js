import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { connect } from '../src/fanfare.js';
import { Server, World, jwt } from './world.js';

const TYPES = readFileSync(new URL('../src/types.js', import.meta.url), 'utf8');

/** The reasons of a block, as the types have them; a test of the platform holds them equal to its own. */
function reasons(type, block) {
	const [, names] = new RegExp(`@typedef \\{([^}]*)\\} ${type} of \`${block}\``).exec(TYPES);
	return [...names.matchAll(/'([a-z-]+)'/g)].map(([, name]) => name);
}

async function ended(block, data) {
	const world = new World();
	const server = new Server(world);
	let asked = 0;
	const push = connect('https://push.example/events', { token: () => jwt('alice', { n: ++asked }), tabs: 'each' }, world.tab());
	await world.until(() => push.state.name === 'open');
	await world.advance(20_000);
	server.open[0].write(`id: ${server.head()}\nevent: ${block}\ndata: ${JSON.stringify(data)}\n\n`);
	server.open[0].end();
	await world.advance(6_900);
	return { world, server, push, asked: () => asked, opens: () => world.requests.length };
}

describe('push.kicked: stop', () => {
	for (const reason of [...reasons('Stop', 'push.kicked'), 'unknown']) {
		test(reason, async () => {
			const { world, push, opens } = await ended('push.kicked', { reason, message: 'bye', at: 0 });
			await world.advance(3_600_000);
			assert.deepEqual(push.state, { name: 'kicked', reason, message: 'bye' });
			assert.equal(opens(), 1);
		});
	}
});

for (const [type, block, field] of [['ComeBack', 'push.goaway', 'afterMs'], ['ComeBackAfter', 'push.busy', 'retryMs']]) {
	describe(`${block}: come back after ${field}`, () => {
		for (const reason of [...reasons(type, block), 'unknown']) {
			test(reason, async () => {
				const { world, server, push, asked, opens } = await ended(block, { reason, [field]: 7_000 });
				assert.equal(push.state.name, 'reconnecting');
				assert.equal(push.state.reason, reason);
				assert.equal(opens(), 1);
				await world.advance(200);
				assert.equal(opens(), 2);
				assert.equal(world.requests[1].headers['Last-Event-ID'], server.head());
				assert.equal(asked(), reason === 'token-expired' ? 2 : 1);
				assert.equal(push.state.name, 'open');
			});
		}
	});
}
