// An event stream read by fetch: unlike an EventSource it delivers events of every name, and can read why it was refused.

const RETRY_MS = 3000;
// Statuses that no later attempt changes
const FINAL = new Set([204, 400, 401, 403, 404, 405, 406, 414, 431]);

/** Splits what arrives into blocks (HTML, section 9.2.6). */
export class Parser {

	constructor(onBlock) {
		this.onBlock = onBlock;
		this.text = '';
		this.id = '';
		this.clear();
	}

	clear() {
		this.type = '';
		this.data = [];
	}

	feed(chunk) {
		this.text += chunk;
		let match;
		// A CR at the end may be the first half of a CR LF.
		while ((match = /\r\n|\n|\r(?!$)/.exec(this.text))) {
			const line = this.text.slice(0, match.index);
			this.text = this.text.slice(match.index + match[0].length);
			this.line(line);
		}
	}

	line(line) {
		if (line === '') {
			if (this.data.length) {
				this.onBlock({ type: this.type || 'message', id: this.id, data: this.data.join('\n') });
			}
			else if (this.id) {
				this.onBlock({ type: '', id: this.id, data: '' });
			}
			this.clear();
			return;
		}
		const colon = line.indexOf(':');
		const field = (colon < 0) ? line : line.slice(0, colon);
		const value = (colon < 0) ? '' : line.slice(colon + 1).replace(/^ /, '');
		switch (field) {
			case 'event':
				this.type = value;
				break;
			case 'data':
				this.data.push(value);
				break;
			case 'id':
				if (!value.includes('\0')) {
					this.id = value;
				}
				break;
			case 'retry':
				if (/^\d+$/.test(value)) {
					this.onBlock({ type: 'retry', id: '', data: value });
				}
				break;
		}
	}

}

/**
 * Holds a stream open until it is closed or refused for good. address() promises the URL, for each attempt; a failure may have the status
 * of a refusal.
 * onState(state, reason): connecting, open, or refused, which is the end. onEvent({type, id, data}); a block of an id alone has no type.
 */
export class Stream {

	constructor(address, cursor, onState, onEvent) {
		this.address = address;
		this.cursor = cursor;
		this.onState = onState;
		this.onEvent = onEvent;
		this.retry = RETRY_MS;
		this.abort = new AbortController();
		queueMicrotask(() => this.run()); // so that its owner knows it before the first state
	}

	close() {
		this.abort.abort();
		clearTimeout(this.timer);
		this.wake?.();
	}

	get closed() {
		return this.abort.signal.aborted;
	}

	async run() {
		let reason = '';
		while (!this.closed) {
			this.onState('connecting', reason);
			if (this.closed) {
				return;
			}
			try {
				reason = await this.attempt();
			}
			catch (failure) {
				reason = `not reached (${failure.message})`;
				if (!this.closed && FINAL.has(failure.status)) { // it got no token, nor would it later
					this.close();
					this.onState('refused', failure.message);
				}
			}
			if (!this.closed) {
				await new Promise((resolve) => {
					this.wake = resolve;
					this.timer = setTimeout(resolve, this.retry);
				});
			}
		}
	}

	async attempt() {
		const url = await this.address();
		if (this.cursor) {
			url.searchParams.set('lastEventId', this.cursor);
		}
		const response = await fetch(url, { headers: { Accept: 'text/event-stream' }, cache: 'no-store',
			signal: this.abort.signal });
		if (response.status !== 200) {
			const problem = await response.json().catch(() => ({}));
			const reason = `${response.status} ${problem.detail ?? problem.title ?? response.statusText}`;
			if (!this.closed && FINAL.has(response.status)) {
				this.close();
				this.onState('refused', reason);
			}
			return reason;
		}
		this.onState('open', '');
		const parser = new Parser((block) => this.block(block));
		const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
		for (;;) {
			const { done, value } = await reader.read();
			if (done || this.closed) {
				return 'the node ended it';
			}
			parser.feed(value);
		}
	}

	block(block) {
		if (this.closed) {
			return;
		}
		if (block.type === 'retry') {
			this.retry = Number(block.data);
			return;
		}
		// k.<generation> is no place in the history.
		if (block.id && !block.id.startsWith('k.')) {
			this.cursor = block.id;
		}
		this.onEvent(block);
	}

}
