import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';

import { createParser } from 'eventsource-parser';
import fc from 'fast-check';

import { Parser } from '../src/fanfare.js';

const RUNS = process.env.FANFARE_LONG === 'true' ? 100_000 : 3_000;
const REPOSITORY = process.env.FANFARE_REPOSITORY ?? new URL('../..', import.meta.url).pathname;
const FIXTURES = `${REPOSITORY}/push-protocol/src/test/resources/sse-fixtures/blocks.json`;

const encode = (text) => new TextEncoder().encode(text);

/** All blocks of a stream that arrives in these chunks. */
function blocks(...chunks) {
	const all = [];
	const parser = new Parser((block) => all.push(block));
	chunks.forEach((chunk) => parser.feed(typeof chunk === 'string' ? encode(chunk) : chunk));
	return Object.assign(all, { parser });
}

/** What an EventSource would dispatch. */
const events = (...chunks) => blocks(...chunks).filter(({ data }) => data !== null);

const data = (...chunks) => events(...chunks).map((event) => event.data);

/** Splits at these places. */
function split(whole, places) {
	const borders = [0, ...places.map((place) => place % (whole.length + 1)).sort((one, other) => one - other), whole.length];
	return borders.slice(1).map((border, i) => whole.slice(borders[i], border));
}

describe('golden files, which the encoder writes', async () => {
	for (const fixture of JSON.parse(await readFile(FIXTURES, 'utf8'))) {
		test(fixture.name, () => {
			const { expected, parsed } = fixture;
			for (const chunks of [[expected], [encode(expected)], [...expected], [...encode(expected)].map((byte) => Uint8Array.of(byte))]) {
				const all = blocks(...chunks);
				assert.deepEqual([...all], [{ type: parsed.type, id: parsed.id ?? '', data: parsed.data, channel: parsed.channel ?? null }]);
				assert.equal(all.parser.retry, parsed.retry ?? 0);
			}
		});
	}
});

describe('the vectors of the web platform (eventsource/format-*)', () => {
	const long = 'x'.repeat(2 * 1024);
	const vectors = {
		'format-bom': ['\uFEFFdata:1\n\n\uFEFFdata:2\n\ndata:3\n\n', ['1', '3']],
		'format-bom-2': ['\uFEFF\uFEFFdata:1\n\ndata:2\n\ndata:3\n\n', ['2', '3']],
		'format-comments': [`data:1\r:\0\n:\r\ndata:2\n:${long}\rdata:3\n:data:fail\r:${long}\ndata:4\n\n`, ['1\n2\n3\n4']],
		'format-data-before-final-empty-line': ['retry:1000\ndata:test1\n\nid:test\ndata:test2', ['test1']],
		'format-field-data': ['data:\n\ndata\ndata\n\ndata:test\n\n', ['', '\n', 'test']],
		'format-field-event': ['event:test\ndata:x\n\ndata:x\n\n', [['test', 'x'], ['message', 'x']]],
		'format-field-event-empty': ['event: \ndata:data\n\n', [['message', 'data']]],
		'format-field-parsing': ['data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n',
			['\0\n 2\n1\n3\n\n4']],
		'format-field-unknown': ['data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n', ['test\n\ntest']],
		'format-leading-space': ['data:\ttest\rdata: \ndata:test\n\n', ['\ttest\n\ntest']],
		'format-newlines': ['data:test\r\ndata\ndata:test\r\n\r\n', ['test\n\ntest']],
		'format-newlines, CR alone': ['data:test\rdata\rdata:test\r\r', ['test\n\ntest']],
		'format-null-character': ['data:\0\n\n\n\n', ['\0']],
		'format-utf-8': ['data:ok…\n\n', ['ok…']],
	};
	for (const [name, [text, expected]] of Object.entries(vectors)) {
		test(name, () => {
			const whole = events(text);
			assert.deepEqual(expected.map((each) => [each].flat().at(-1)), whole.map((event) => event.data));
			if (Array.isArray(expected[0])) {
				assert.deepEqual(expected.map(([type]) => type), whole.map((event) => event.type));
			}
			assert.deepEqual(events(...[...encode(text)].map((byte) => Uint8Array.of(byte))), [...whole]);
		});
	}

	test('format-field-id, format-field-id-2: an id stays until another', () => {
		assert.deepEqual(events('id:1\ndata:a\n\ndata:b\n\nid: 2\n\ndata:c\n\nid\ndata:d\n\n').map(({ id }) => id), ['1', '1', '2', '']);
	});

	test('format-field-id-null: an id with NUL is none', () => {
		for (const id of ['\0\0', 'x\0', '\0x', 'x\0x', ' \0']) {
			assert.deepEqual(events(`id:before\ndata:a\n\nid:${id}\ndata:b\n\n`).map((event) => event.id), ['before', 'before']);
		}
	});

	test('format-field-retry, -bogus, -empty', () => {
		assert.equal(blocks('retry:03000\ndata:x\n\n').parser.retry, 3000);
		assert.equal(blocks('retry:3000\nretry:1000x\ndata:x\n\n').parser.retry, 3000);
		assert.equal(blocks('retry\nretry:\nretry: \nretry:-1\nretry:1.5\nretry:٣\ndata:x\n\n').parser.retry, 0);
	});

	test('bytes that are no UTF-8 are replaced', () => {
		assert.deepEqual(data(Uint8Array.of(0x64, 0x61, 0x74, 0x61, 0x3A, 0xFF, 0xC3), encode('\n\n')), ['\uFFFD\uFFFD']);
	});
});

// What matters to a parser, rather than any text
const line = fc.oneof(
	fc.constantFrom('data', 'data:', 'data: ', 'data:  x', 'event:', 'event: order', 'id', 'id: 7-1', 'id:a\0b', 'retry: 9', ':', ': data: x', '',
		'\uFEFFdata: x', ' data: x', 'data\0: x', 'datax: y'),
	fc.tuple(fc.constantFrom('data:', 'data: ', 'event: ', 'id: ', ': ', ''), fc.string({ unit: 'binary', maxLength: 12 })).map((parts) => parts.join('')),
	fc.constantFrom('data: é', 'data: ユ', 'data: 🎺🎺', 'event: ü'),
);
const stream = fc.tuple(fc.constantFrom('', '', '\uFEFF', '\uFEFF\uFEFF'), fc.array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\r', '\r\n\r\n'))))
	.map(([mark, lines]) => mark + lines.flat().join('') + '\n\n');
const places = fc.array(fc.nat(2_000), { maxLength: 12 });

describe('any chunks', () => {
	test('give what the whole gives, cut anywhere, within characters too', () => {
		fc.assert(fc.property(stream, places, (text, cuts) => {
			const bytes = encode(text);
			assert.deepEqual([...blocks(...split(bytes, cuts))], [...blocks(bytes)]);
		}), { numRuns: RUNS });
	});

	test('give what eventsource-parser gives', () => {
		fc.assert(fc.property(stream, places, (text, cuts) => {
			const theirs = [];
			const parser = createParser({ onEvent: (event) => theirs.push(event) });
			// It knows text alone, and takes no mark within the second chunk for one
			parser.feed(new TextDecoder().decode(encode(text)));
			const ours = events(...split(encode(text), cuts));
			assert.deepEqual(ours.map((event) => [event.type, event.data]), theirs.map((event) => [event.event || 'message', event.data]));
			theirs.forEach(({ id }, i) => id === undefined || assert.equal(ours[i].id, id));
		}), { numRuns: RUNS });
	});

	test('give what the standard says, written out', () => {
		fc.assert(fc.property(stream, places, (text, cuts) => {
			assert.deepEqual([...blocks(...split(encode(text), cuts))], standard(new TextDecoder('utf-8', { ignoreBOM: true }).decode(encode(text))));
		}), { numRuns: RUNS });
	});

	test('of a long line cost no more than the line', () => {
		const long = `data: ${'x'.repeat(4 * 1024 * 1024)}\n\n`;
		const bytes = encode(long);
		const chunks = Array.from({ length: Math.ceil(bytes.length / 512) }, (_, i) => bytes.subarray(512 * i, 512 * (i + 1)));
		const began = process.cpuUsage();
		assert.equal(data(...chunks)[0].length, 4 * 1024 * 1024);
		assert.ok(process.cpuUsage(began).user < 5_000_000);
	});
});

/** HTML, section 9.2.6, sentence by sentence; blocks without data are kept. */
function standard(text) {
	const all = [];
	let buffer = '';
	let any = false;
	let type = '';
	let id = '';
	const lines = (text[0] === '\uFEFF' ? text.slice(1) : text).split(/\r\n|\r|\n/).slice(0, -1);
	for (const each of lines) {
		if (each === '') {
			all.push({ type: type || 'message', id, data: any ? buffer.slice(0, -1) : null, channel: null });
			buffer = '';
			type = '';
			any = false;
		}
		else if (each[0] !== ':') {
			const [, field, value = ''] = /^([^:]*)(?::(?: ?)([\s\S]*))?$/.exec(each);
			switch (field) {
				case 'event':
					type = value;
					break;
				case 'data':
					buffer += value + '\n';
					any = true;
					break;
				case 'id':
					id = value.includes('\0') ? id : value;
			}
		}
	}
	return all;
}
