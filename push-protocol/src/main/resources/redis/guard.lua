-- Shared preamble, behind that of the clock: what every script of a node does first.

-- A server that takes another one's place gives ids from so far ahead of TIME: the other one may go on for a while, and what
-- both give must not be mixed up. Every stream that was with the other one stands below all that this one gives,
-- and below `loss_floor`.
local LEAP_MS = 15000

-- What every script of a node does first: notices that the store may have lost data, by the server's run id (`run`) or by
-- an id above the clock (`seen`). Then the clock is lifted, and `loss_floor` is the id below which something may be missing.
-- A store that keeps all it acknowledged across a restart (`durable` = "1") keeps `loss_floor` when only the run id is new.
-- One that a publish began on this very server keeps it for a first node that has seen nothing: the store is new, not
-- emptied, as far as can be known.
-- Returns head_id, loss_floor, and the texts under two more keys where such are named: they cost no command of their own.
local function clock_guard(clock_key, run_key, since_key, run, seen, durable, ...)
	local values = redis.call('MGET', clock_key, run_key, since_key, ...)
	local head_id, known, loss_floor = values[1] or redis.call('GET', clock_key) or '0-0', values[2], values[3]
	local rolled_back = id_above(seen, head_id)
	if loss_floor and not id_parts(loss_floor) then
		-- What it vouched for is not known any more.
		loss_floor = nil
	end
	if known == run and loss_floor and not rolled_back then
		return head_id, loss_floor, values[4], values[5]
	end
	local now = time_ms()
	if rolled_back then
		parts_after(head_id, now, 1) -- fails where it is no id
		head_id = seen
	end
	local kept = known and loss_floor and not rolled_back
	if kept and string.sub(known, 1, 1) == BEGUN then
		kept = known == BEGUN .. run and seen == '0-0'
	elseif kept then
		kept = durable == '1'
	end
	if not kept then
		local leaps = known and known ~= run and known ~= BEGUN .. run and head_id ~= '0-0'
		head_id = id_after(head_id, now + (leaps and LEAP_MS or 0))
		loss_floor = head_id
		redis.call('SET', clock_key, head_id, 'KEEPTTL')
		redis.call('SET', since_key, loss_floor, 'KEEPTTL')
	end
	redis.call('SET', run_key, run, 'KEEPTTL')
	return head_id, loss_floor, values[4], values[5]
end
