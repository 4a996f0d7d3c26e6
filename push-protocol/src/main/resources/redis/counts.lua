-- Shared preamble: counts.

-- Raises a count that ends `ms` after its first, and stays at `most` at most. What is no count is replaced.
-- One that is likely to be `absent` is begun by one command instead of two.
-- Returns nil and the count where it was raised, else how many ms it has left: one without an end, which was not begun here,
-- gets one.
local function count_refused(key, most, ms, absent)
	if absent and redis.call('SET', key, '1', 'PX', ms, 'NX') then
		return nil, 1
	end
	local count = redis.pcall('INCR', key)
	if type(count) == 'table' then
		redis.call('UNLINK', key)
		count = redis.call('INCR', key)
	end
	if count == 1 then
		redis.call('PEXPIRE', key, ms)
	elseif count > most then
		redis.call('DECR', key)
		local left = redis.call('PTTL', key)
		if left == -1 then
			redis.call('PEXPIRE', key, ms)
			left = tonumber(ms)
		end
		return left
	end
	return nil, count
end
