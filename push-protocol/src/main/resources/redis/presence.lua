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
-- "K connection generation reason grace-ms\n"; reason "-" ends the stream without a word.
local function kick(prefix, victim, generation, reason, grace_ms)
	redis.call('PUBLISH', prefix .. 'node:' .. victim.node,
		string.format('K %s %s %s %s\n', victim.connection, generation, reason, grace_ms))
end

-- Puts `owner` into the place of `victim` (nil when the field is empty).
-- Another client is a take-over: the victim is told and a tombstone answers every further claim of its client.
-- The same client is a page that reconnects: the victim ends silently. The tenth time within a minute it counts as a
-- take-over, for two tabs that share a client id by mistake would replace each other for ever; no tombstone then, it
-- would hit the winner too.
local function displace(prefix, presence_key, user, victim, owner, now, tombstone_ms)
	owner.replaced, owner.window = 0, now
	if victim then
		local reason = 'takeover'
		if victim.client == owner.client then
			if now - victim.window < TWIN_WINDOW_MS then
				owner.replaced, owner.window = victim.replaced, victim.window
			end
			owner.replaced = owner.replaced + 1
			if owner.replaced < TWIN_LIMIT then
				reason = '-'
			end
		else
			redis.call('SET', tombstone_key(prefix, user, victim.client), owner.generation, 'PX', tombstone_ms)
		end
		kick(prefix, victim, owner.generation, reason, '0')
	end
	redis.call('HSET', presence_key, user, owner_format(owner))
end
