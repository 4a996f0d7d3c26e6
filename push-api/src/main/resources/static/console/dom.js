// Builds elements. What comes from outside is inserted as text, never as HTML.

/** An element with attributes, properties, listeners (onclick: …) and children: elements, or texts. */
export function h(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (name.startsWith('on')) {
			element.addEventListener(name.slice(2), value);
		}
		else if (name in element && typeof value !== 'string') {
			element[name] = value;
		}
		else if (value !== undefined) {
			element.setAttribute(name, value);
		}
	}
	element.append(...children.filter((child) => child !== undefined));
	return element;
}

/** A field with its label. */
export function field(label, control, wide = false) {
	return h('label', { class: wide ? 'wide' : '' }, label, ' ', control);
}

/** Options of a select: [value, text] each. */
export function select(name, options) {
	return h('select', { name }, ...options.map(([value, text]) => new Option(text, value)));
}

/** Shows what came of something, and says it. */
export function say(output, text, failed = false) {
	output.toggleAttribute('data-failed', failed);
	output.textContent = text;
}

/** Runs what a button asks for; the button rests meanwhile, and a failure is shown. */
export async function run(button, output, task) {
	button.disabled = true;
	try {
		await task();
	}
	catch (failure) {
		say(output, failure.message, true);
	}
	finally {
		button.disabled = false;
	}
}

const AGES = [[86_400, 'd'], [3_600, 'h'], [60, 'min'], [1, 's']];

/** Seconds in words: 3 h 5 min. */
export function age(seconds) {
	const at = AGES.findIndex(([unit]) => seconds >= unit);
	if (at < 0) {
		return `${Math.max(0, seconds).toFixed(1)} s`;
	}
	const [unit, name] = AGES[at];
	const next = AGES[at + 1];
	const rest = next ? Math.floor((seconds % unit) / next[0]) : 0;
	return `${Math.floor(seconds / unit)} ${name}${rest ? ` ${rest} ${next[1]}` : ''}`;
}

/** A number with at most one decimal. */
export function number(value) {
	return (value === null || value === undefined) ? '–' : value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
}
