-- Shared preamble: the value of a presence field, and how an owner is displaced.
--
-- A field of the presence hash is a user, its value "node connection generation client since tier replaced window":
-- `since` and `window` in ms, `replaced` how often this client replaced itself since `window` began.

local TWIN_LIMIT = 10
local TWIN_WINDOW_MS = 60000

local function owner_parse(value)
	local node, connection, generation, client, since, tier, replaced, window =
		string.match(value, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
	return {
		node = node, connection = connection, generation = generation, client = client,
		since = since, tier = tier, replaced = tonumber(replaced), window = tonumber(window)
	}
end

local function owner_format(owner)
	return string.format('%s %s %s %s %s %s %.0f %.0f', owner.node, owner.connection, owner.generation, owner.client,
		owner.since, owner.tier, owner.replaced, owner.window)
end

local function tombstone_key(prefix, user, client)
	return prefix .. 'kicked:' .. user .. ':' .. client
end

-- Tells the node of `victim` that `generation` displaced that one connection. Kick frames are
-- "K connection generation reason grace-ms\n"; reason "-" ends the stream without a word. `channels` begins pub/sub channels.
local function kick(channels, victim, generation, reason, grace_ms)
	redis.call('PUBLISH', channels .. 'node:' .. victim.node,
		string.format('K %s %s %s %s\n', victim.connection, generation, reason, grace_ms))
end

-- How often `client` has replaced itself when it displaces `victim`, and since when; 0 where it is another client.
local function replacements(victim, client, now)
	if victim.client ~= client then
		return 0, now
	elseif now - victim.window < TWIN_WINDOW_MS then
		return victim.replaced + 1, victim.window
	end
	return 1, now
end

-- Whether it is a take-over that `client` displaces `victim`: always by another client. The same client is a page that
-- reconnects; the tenth time within a minute it counts as a take-over all the same, for two tabs that share a client id by
-- mistake would replace each other for ever.
local function is_takeover(victim, client, now)
	return victim.client ~= client or replacements(victim, client, now) >= TWIN_LIMIT
end

-- Puts `owner` into the place of `victim` (nil when the field is empty).
-- By a take-over the victim is told, and a tombstone answers every further claim of its client; but none where that is the
-- winner's own. Otherwise it ends silently.
local function displace(prefix, channels, presence_key, user, victim, owner, now, tombstone_ms)
	owner.replaced, owner.window = 0, now
	if victim then
		owner.replaced, owner.window = replacements(victim, owner.client, now)
		if victim.client ~= owner.client then
			redis.call('SET', tombstone_key(prefix, user, victim.client), owner.generation, 'PX', tombstone_ms)
		end
		kick(channels, victim, owner.generation, is_takeover(victim, owner.client, now) and 'takeover' or '-', '0')
	end
	redis.call('HSET', presence_key, user, owner_format(owner))
end
