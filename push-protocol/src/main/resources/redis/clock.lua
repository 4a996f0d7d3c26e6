-- Shared preamble: the hybrid clock of one partition, from which every id is taken.
--
-- An id is "ms-seq". It never goes back: the next id is max(last + 1, TIME). `seq` stays below 2^20, so that an id fits a
-- signed 64-bit number as ms * 2^20 + seq; a clock that stands still for longer than that carries into `ms`.
-- Lua numbers are doubles: ms and seq are each exact, a packed id would not be.
-- What is set keeps its expiry: the keys of a partition that ends by itself have one (see open-partition).

local SEQ_LIMIT = 1048576
local MS_LIMIT = 8796093022208

-- Returns nothing for a text that is no id.
local function id_parts(id)
	local ms, seq = string.match(id, '^(%d+)%-(%d+)$')
	if ms and #ms <= 13 and #seq <= 7 then
		ms, seq = tonumber(ms), tonumber(seq)
		if ms < MS_LIMIT and seq < SEQ_LIMIT then
			return ms, seq
		end
	end
end

-- Whether id `a` is above id `b`. A text that is no id lies below all ids.
local function id_above(a, b)
	if a == b then
		return false
	end
	local ams, aseq = id_parts(a)
	local bms, bseq = id_parts(b)
	return ams ~= nil and (bms == nil or ams > bms or (ams == bms and aseq > bseq))
end

local function time_ms()
	local time = redis.call('TIME')
	return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function id_ms(id)
	return tonumber(string.sub(id, 1, string.find(id, '-', 1, true) - 1))
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

-- The highest id given so far; "0-0" before the first. Fails where the key holds something else.
local function clock_read(clock_key)
	return redis.call('GET', clock_key) or '0-0'
end

-- Before the run id in `run`: a publish began the store, and no node has spoken to it yet.
local BEGUN = '?'

-- Takes the next `count` ids, which share their ms. `seen` is the highest id that the calling process has ever seen: above
-- the clock it means that the store was rolled back, so the clock is lifted to it and what lies below `since` can no longer
-- be vouched for.
-- A caller that names `run_key` and `run` and has seen nothing itself begins an empty store: `since` lies below its first id.
-- Returns ms and seq of the first, the time it was taken at, in ms, and the last id.
local function clock_take(count, clock_key, since_key, seen, run_key, run)
	local last = clock_read(clock_key)
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
	local text = string.format('%.0f-%.0f', ms, seq + count - 1)
	redis.call('SET', clock_key, text, 'KEEPTTL')
	return ms, seq, now, text
end

-- Takes the next id.
local function clock_next(clock_key, since_key, seen)
	return string.format('%.0f-%.0f', clock_take(1, clock_key, since_key, seen))
end

-- A server that takes another one's place gives ids from so far ahead of TIME: the other one may go on for a while, and what
-- both give must not be mixed up. Whoever was with the other one stands below all that this one gives, and below `since`.
local LEAP_MS = 15000

-- What every script of a node does first: notices that the store may have lost data, by the server's run id (`run`) or by
-- an id above the clock (`seen`). Then the clock is lifted, and `since` is the id below which something may be missing.
-- A store that keeps all it acknowledged across a restart (`durable` = "1") keeps `since` when only the run id is new.
-- One that a publish began on this very server keeps it for a first node that has seen nothing: the store is new, not
-- emptied, as far as anybody can tell.
-- Returns clock and since.
local function clock_guard(clock_key, run_key, since_key, run, seen, durable)
	local values = redis.call('MGET', clock_key, run_key, since_key)
	local clock, known, since = values[1] or clock_read(clock_key), values[2], values[3]
	local rolled_back = id_above(seen, clock)
	if since and not id_parts(since) then
		-- What it vouched for is not known any more.
		since = nil
	end
	if known == run and since and not rolled_back then
		return clock, since
	end
	local now = time_ms()
	if rolled_back then
		parts_after(clock, now, 1) -- fails where it is no id
		clock = seen
	end
	local kept = known and since and not rolled_back
	if kept and string.sub(known, 1, 1) == BEGUN then
		kept = known == BEGUN .. run and seen == '0-0'
	elseif kept then
		kept = durable == '1'
	end
	if not kept then
		local leaps = known and known ~= run and known ~= BEGUN .. run and clock ~= '0-0'
		clock = id_after(clock, now + (leaps and LEAP_MS or 0))
		since = clock
		redis.call('SET', clock_key, clock, 'KEEPTTL')
		redis.call('SET', since_key, since, 'KEEPTTL')
	end
	redis.call('SET', run_key, run, 'KEEPTTL')
	return clock, since
end

-- For so long after a data loss a user without an owner may have a stream all the same: its field went with what was lost,
-- and the renewal that writes it back is still to come. Longer than a lease, for no stream is written to without one.
local UNCERTAIN_MS = 60000

-- Whether the presence hash may lack fields that it should have. `since` may be nil.
local function presence_uncertain(since, now)
	local ms = since and id_parts(since)
	return not ms or now - ms < UNCERTAIN_MS
end
