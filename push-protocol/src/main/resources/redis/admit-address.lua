-- Lets one more stream of an address in, or says which limit it would break. What is refused counts for nothing.
--
-- A count that is raised and lowered drifts when a node dies in between. So each node says how many streams of the address
-- it holds itself, and that stands as long as its lease does.
--
-- KEYS  1 connections of the address: node -> its count  2 opens of the address
-- ARGV  1 prefix of keys  2 node  3 how many it holds, with this one  4 connections allowed ("0": any number)
--       5 opens allowed within a time ("0": any number)  6 that time in ms  7 life of KEYS[1] in ms
-- Returns {"admitted", how many connections there are with this one, how many opens, ms until they are counted anew}, with 0 for
-- what is not limited, {"connections"} or {"opens", ms until opens are counted anew}.

local prefix, node, held = ARGV[1], ARGV[2], tonumber(ARGV[3])
local connections, opens = tonumber(ARGV[4]), tonumber(ARGV[5])
local total, opened, reset = 0, 0, 0

if connections > 0 then
	total = held
	local counts = redis.pcall('HGETALL', KEYS[1])
	if counts.err then
		redis.call('UNLINK', KEYS[1])
		counts = {}
	end
	for i = 1, #counts, 2 do
		local other = counts[i]
		if other ~= node and redis.call('EXISTS', prefix .. 'lease:' .. other) == 1 then
			total = total + (tonumber(string.match(counts[i + 1], '^%d+$')) or 0)
		elseif other ~= node then
			redis.call('HDEL', KEYS[1], other)
		end
	end
	if total > connections then
		return {'connections'}
	end
end
if opens > 0 then
	local left
	left, opened = count_refused(KEYS[2], opens, ARGV[6])
	if left then
		return {'opens', left}
	end
	reset = redis.call('PTTL', KEYS[2])
end
if connections > 0 then
	redis.call('HSET', KEYS[1], node, held)
	redis.call('PEXPIRE', KEYS[1], ARGV[7])
end
return {'admitted', total, opened, reset}
