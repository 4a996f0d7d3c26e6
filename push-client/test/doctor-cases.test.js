import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';

import { judge } from '../src/fanfare-doctor.js';
import catalogue from '../src/fanfare-doctor-findings.js';

const { healthy, blocks, cases } = JSON.parse(await readFile(new URL('doctor-cases.json', import.meta.url), 'utf8'));

/** JSON Merge Patch (RFC 7396). */
function merge(target, patch) {
	if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) {
		return patch;
	}
	const merged = (typeof target === 'object' && !Array.isArray(target)) ? { ...target } : {};
	for (const [name, value] of Object.entries(patch)) {
		if (value === null) {
			delete merged[name];
		}
		else {
			merged[name] = merge(merged[name], value);
		}
	}
	return merged;
}

function observed(patch) {
	const observations = structuredClone(merge(healthy, patch));
	for (const stream of Object.values(observations.streams)) {
		stream.blocks = (typeof stream.blocks === 'string') ? blocks[stream.blocks] : stream.blocks;
		assert.ok(stream.blocks);
	}
	return observations;
}

describe('observations, and what they mean', () => {
	for (const { name, patch, expected, measured = {} } of cases) {
		test(name, () => {
			const judged = judge(observed(patch));
			assert.deepEqual(judged.findings.map(({ id }) => id).sort(), [...expected].sort());
			for (const [what, value] of Object.entries(measured)) {
				assert.equal(judged.measured[what], value, what);
			}
		});
	}
});

test('there is a case for each finding of the catalogue, and nothing else is found', () => {
	assert.deepEqual([...new Set(cases.flatMap(({ expected }) => expected))].sort(), Object.keys(catalogue).sort());
});

test('a name of blocks that no case uses is not there', () => {
	const used = JSON.stringify([healthy, cases]);
	assert.deepEqual(Object.keys(blocks).filter((name) => !used.includes(`"blocks":"${name}"`)), []);
});

test('the catalogue is JSON behind an export, and each entry is complete', async () => {
	const text = await readFile(new URL('../src/fanfare-doctor-findings.js', import.meta.url), 'utf8');
	assert.deepEqual(JSON.parse(text.replace(/^export default /, '').replace(/;\n$/, '')), catalogue);
	for (const [id, finding] of Object.entries(catalogue)) {
		assert.deepEqual(Object.keys(finding), ['severity', 'title', 'why', 'nginx', 'haproxy', 'caddy'], id);
		assert.ok(['problem', 'note'].includes(finding.severity), id);
		assert.ok(finding.title && !finding.title.endsWith('.') && finding.why.endsWith('.'), id);
		assert.ok([finding.nginx, finding.haproxy, finding.caddy].every((lines) => lines === null || lines.length > 0), id);
	}
});
