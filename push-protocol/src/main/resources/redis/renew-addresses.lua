-- Says how many streams of some addresses a node holds: where there are fewer now, and of all of them from time to time, for
-- the keys expire and the store may have lost them.
--
-- KEYS  for each address: its connections
-- ARGV  1 node  2 life of a key in ms  3.. for each address: how many
-- Returns "OK".

for i = 1, #KEYS do
	if ARGV[i + 2] == '0' then
		redis.pcall('HDEL', KEYS[i], ARGV[1])
	else
		-- A key that holds something else is replaced.
		if type(redis.pcall('HSET', KEYS[i], ARGV[1], ARGV[i + 2])) == 'table' then
			redis.call('UNLINK', KEYS[i])
			redis.call('HSET', KEYS[i], ARGV[1], ARGV[i + 2])
		end
		redis.call('PEXPIRE', KEYS[i], ARGV[2])
	end
end
return 'OK'
