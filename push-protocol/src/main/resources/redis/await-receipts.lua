-- Shared preamble: verdicts that are awaited.
--
-- "<prefix>awaited" has each of them, "<id> <user>", and by when it is due. The one that removes it gives the verdict, so there is
-- one.

-- A verdict of a message to a user is due `within` ms. Other channels have none.
local function receipt_await(prefix, channel, id, now, within)
	if string.sub(channel, 1, 5) == 'user:' then
		redis.call('ZADD', prefix .. 'awaited', string.format('%.0f', now + within), id .. ' ' .. string.sub(channel, 6))
	end
end
