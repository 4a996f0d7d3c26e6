-- Shared preamble, behind that of the clock: takes ids.

-- Takes the next `count` ids, which share their ms. `seen` is the highest id that the calling process has ever seen: above
-- the clock it means that the store was rolled back. So the clock is lifted to it, and what lies below the data-loss floor, which
-- is kept under `since_key`, can no longer be vouched for.
-- A caller that names `run_key` and `run` and has seen nothing itself begins an empty store: the floor lies below its first id.
-- Returns ms and seq of the first, the time it was taken at, in ms, and the last id.
local function clock_take(count, clock_key, since_key, seen, run_key, run)
	local last = redis.call('GET', clock_key) or '0-0'
	local now = time_ms()
	local ms, seq = parts_after(last, now, count)
	local begins = run_key and last == '0-0' and seen == last
	if begins or id_above(seen, last) then
		last = id_after(seen, now)
		redis.call('SET', since_key, last, 'KEEPTTL')
		ms, seq = parts_after(last, now, count)
	end
	if begins then
		redis.call('SET', run_key, BEGUN .. run, 'KEEPTTL')
	end
	local text = string.format('%d-%d', ms, seq + count - 1)
	redis.call('SET', clock_key, text, 'KEEPTTL')
	return ms, seq, now, text
end
