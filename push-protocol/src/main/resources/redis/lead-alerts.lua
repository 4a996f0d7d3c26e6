-- Leads the alerts of the cluster for a while, goes on or ends it: one process notifies of them, and its follower knows what it notified of.
--
-- KEYS  1 leader  2 alerts, hash
-- ARGV  1 who asks  2 life of the lead, ms; 0 ends it  3 life of the alerts, ms  4 "1" where this process has read the alerts since it
--       leads, else "0"  5… field and value of each alert that changed; "" removes it
-- Returns nothing where another leads, or none does and none is to; 1 where this process led already: the changes are stored; or 2, and
-- field and value of each alert as it is stored, where this process leads from now on, or has not read them: the changes are not stored.

local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then
	return {}
end
if ARGV[2] == '0' then
	if not leader then
		return {}
	end
	redis.call('DEL', KEYS[1])
else
	redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
	-- The answer to an earlier call may have been lost
	if not leader or ARGV[4] ~= '1' then
		local answer = redis.call('HGETALL', KEYS[2])
		table.insert(answer, 1, 2)
		return answer
	end
end
for i = 5, #ARGV, 2 do
	if ARGV[i + 1] == '' then
		redis.call('HDEL', KEYS[2], ARGV[i])
	else
		redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
	end
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return { 1 }
