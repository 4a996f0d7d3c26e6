-- Shared preamble: verdicts that are awaited.
--
-- "<prefix>awaited" has a verdict that is awaited, "<id> <user>", by when it is due. "<prefix>awaited:<user>" has the same ids, by
-- their ms. A verdict is given by the one that removes it from the first, so there is one.

-- How long the ids of a user are kept after the last of them is due: some sweeps.
local AWAITED_SLACK_MS = 3600000

-- A verdict of a message to a user is due `within` ms. Other channels have none.
local function receipt_await(prefix, channel, id, now, within)
	if string.sub(channel, 1, 5) == 'user:' then
		local user = string.sub(channel, 6)
		local key = prefix .. 'awaited:' .. user
		redis.call('ZADD', prefix .. 'awaited', string.format('%.0f', now + within), id .. ' ' .. user)
		redis.call('ZADD', key, string.match(id, '^%d+'), id)
		-- A new key has no expiry, which GT takes for an infinite one.
		local life = within + AWAITED_SLACK_MS
		if redis.call('PTTL', key) < life then
			redis.call('PEXPIRE', key, string.format('%.0f', life))
		end
	end
end
