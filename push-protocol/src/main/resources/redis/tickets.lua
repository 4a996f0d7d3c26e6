-- Shared preamble: tickets, each the right to one stream.
--
-- The hash of a ticket has, beside its right, `by` and `attempt` from when it is spent: the connection that spent it, and the
-- request of a proxy in which that was. A repetition with the same value finds it as it was: the connection repeats a claim whose
-- outcome it does not know, the proxy sends the request to the next node.

-- How long a ticket is kept once it is spent.
local SPENT_MS = 10000

-- Why a connection may not have the right of a ticket: "unknown" or "spent". Returns nil where it may.
local function ticket_refusal(key, connection, attempt)
	local fields = redis.pcall('HMGET', key, 'user', 'by', 'attempt')
	if fields.err or not fields[1] then
		return 'unknown'
	end
	local by = fields[2]
	if by and by ~= connection and (attempt == '' or attempt ~= fields[3]) then
		return 'spent'
	end
end

-- Spends a ticket that is not refused. Spent again by the same, it lives no longer for it.
local function ticket_spend(key, unspent_key, digest, connection, attempt)
	if redis.call('HSETNX', key, 'by', connection) == 1 then
		redis.call('HSET', key, 'attempt', attempt)
		redis.call('PEXPIRE', key, SPENT_MS)
		redis.pcall('HDEL', unspent_key, digest)
	end
end
