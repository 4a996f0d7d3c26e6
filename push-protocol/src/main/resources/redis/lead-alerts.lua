-- Leads the alerts of the cluster for a while, or goes on: one process notifies of them, and its follower knows what it notified of.
--
-- KEYS  1 leader  2 alerts, hash
-- ARGV  1 who asks  2 life of the lead, ms  3 life of the alerts, ms  4… field and value of each alert that changed; "" removes it
-- Returns nothing where another leads; 1 where this process led already: the changes are stored; or 2, and field and value of each
-- alert as the last leader left it, where this process leads from now on: the changes are not stored.

local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then
	return {}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if not leader then
	local answer = redis.call('HGETALL', KEYS[2])
	table.insert(answer, 1, 2)
	return answer
end
for i = 4, #ARGV, 2 do
	if ARGV[i + 1] == '' then
		redis.call('HDEL', KEYS[2], ARGV[i])
	else
		redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
	end
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return { 1 }
