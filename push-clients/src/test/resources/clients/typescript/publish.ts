// Publishes to each kind of target with the generated client for fetch.
import { Configuration, MessagesApi, type Published, type Target } from './client';

declare const process: { argv: string[]; exitCode: number };

const [, , basePath, accessToken, user] = process.argv;
const messages = new MessagesApi(new Configuration({ basePath, accessToken }));

function publish(to: Target, text: string): Promise<Published> {
	return messages.publishMessage({ idempotencyKey: text, messageRequest: { to, event: 'client', data: { text } } });
}

function require_(holds: boolean | undefined): void {
	if (!holds) {
		throw new Error('Another answer');
	}
}

async function main(): Promise<void> {
	const one = await publish({ user }, 'typescript user');
	require_(one.id !== undefined && one.recipients?.[0].online);
	const some = await publish({ users: new Set([user, 'bob']) }, 'typescript users');
	require_(some.recipients?.length === 2 && !some.recipients[1].online);
	require_((await publish({ channel: 'news' }, 'typescript channel')).id !== undefined);
	require_((await publish({ all: true }, 'typescript all')).id !== undefined);
}

main().catch((error) => {
	console.error(error);
	process.exitCode = 1;
});
