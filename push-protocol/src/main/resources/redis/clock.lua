-- Shared preamble, behind that of ids: the hybrid clock of one partition, from which every id is taken.
--
-- It never goes back: the next id is max(last + 1, TIME). A clock that stands still for so long that `seq` reaches its limit
-- carries into `ms`.
-- What is set keeps its expiry: the keys of a partition that ends by itself have one (see open-partition).

local function time_ms()
	local time = redis.call('TIME')
	return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- ms and seq of the first of `count` ids after `last`, which all share that ms. `now` is time_ms(). Fails where `last` is no
-- id: what came after it might have been given before.
local function parts_after(last, now, count)
	local ms, seq = id_parts(last)
	if not ms then
		error({err = 'ERR the clock of the partition is no id'})
	elseif now > ms then
		return now, 0
	elseif seq + count < SEQ_LIMIT then
		return ms, seq + 1
	end
	return ms + 1, 0
end

-- The id after `last`, not stored yet. `now` is time_ms().
local function id_after(last, now)
	return string.format('%d-%d', parts_after(last, now, 1))
end

-- Before the run id in `run`: a publish began the store, and no node has spoken to it yet.
local BEGUN = '?'
