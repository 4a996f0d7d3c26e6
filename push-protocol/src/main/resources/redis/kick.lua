-- Shared preamble, behind that of the owner: how a connection is displaced, and its client kept away.

local function tombstone_key(prefix, user, client)
	return prefix .. 'kicked:' .. user .. ':' .. client
end

-- Leaves a tombstone, also where the key holds something else, which may be large.
local function tombstone_put(prefix, user, client, generation, tombstone_ms)
	local key = tombstone_key(prefix, user, client)
	if not redis.call('SET', key, generation, 'PX', tombstone_ms, 'NX') then
		redis.call('UNLINK', key)
		redis.call('SET', key, generation, 'PX', tombstone_ms)
	end
end

-- Notifies the node of `victim` that `generation` displaced that one connection. Kick frames are
-- "K connection generation reason grace-ms\n"; reason "-" ends the stream without a word. `channels` begins pub/sub channels.
-- Behind the line stands `message`, which the client is given besides; it may be nil.
local function kick(channels, victim, generation, reason, grace_ms, message)
	redis.call('PUBLISH', channels .. 'node:' .. victim.node,
		'K ' .. victim.connection .. ' ' .. generation .. ' ' .. reason .. ' ' .. grace_ms .. '\n' .. (message or ''))
end
