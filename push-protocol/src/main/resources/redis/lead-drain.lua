#!lua flags=allow-oom
-- Begins to lead the drain of the cluster, goes on, or ends it. A process that was silent for its life may have been followed by
-- another: what it says then changes nothing, and it must not go on.
--
-- KEYS  1 progress of the drain  2 its leader  3 how the last drain ended
-- ARGV  1 who leads  2 progress, JSON  3 life in ms  4 what is done: "begin" unless another leads, "go on", "end"
--       5 pub/sub channel of a node that is ordered to drain, or ""  6 the order
-- Returns 1, and one more for each that received it on the node's channel, or 0 where another leads, or none does.

local leader = redis.call('GET', KEYS[2])
if ARGV[4] == 'begin' then
	if leader or redis.call('EXISTS', KEYS[1]) == 1 then
		return 0
	end
elseif leader ~= ARGV[1] then
	return 0
end
if ARGV[4] == 'end' then
	redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
	redis.call('DEL', KEYS[1], KEYS[2])
else
	redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
	redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
end
return ARGV[5] == '' and 1 or 1 + redis.call('PUBLISH', ARGV[5], ARGV[6])
