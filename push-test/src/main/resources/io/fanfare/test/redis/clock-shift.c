/*
 * Shifts the wall clock of the program that it is preloaded into (LD_PRELOAD) by the milliseconds that a file says: a
 * signed 64-bit number in the machine's byte order, mapped, so that it holds at once when it changes. The file's path is
 * in CLOCK_SHIFT_FILE. Monotonic clocks are left alone.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NANOS 1000000000LL

static volatile const int64_t *shift_ms;

__attribute__((constructor)) static void map_file(void)
{
	const char *path = getenv("CLOCK_SHIFT_FILE");
	int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);

	if (map == MAP_FAILED) {
		perror("CLOCK_SHIFT_FILE");
		_exit(1);
	}
	close(file);
	shift_ms = map;
}

/* A system call, not the next library's function: looking that up allocates memory, and allocators look at the clock. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	int failed = (int) syscall(SYS_clock_gettime, clock, now);

	if (!failed && shift_ms && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
		int64_t ms = *shift_ms;

		now->tv_sec += ms / 1000;
		now->tv_nsec += ms % 1000 * 1000000;
		if (now->tv_nsec < 0) {
			now->tv_sec--;
			now->tv_nsec += NANOS;
		} else if (now->tv_nsec >= NANOS) {
			now->tv_sec++;
			now->tv_nsec -= NANOS;
		}
	}
	return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec shifted;

	(void) zone;
	if (clock_gettime(CLOCK_REALTIME, &shifted)) {
		return -1;
	}
	now->tv_sec = shifted.tv_sec;
	now->tv_usec = shifted.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *seconds)
{
	struct timespec shifted;

	if (clock_gettime(CLOCK_REALTIME, &shifted)) {
		return -1;
	}
	if (seconds) {
		*seconds = shifted.tv_sec;
	}
	return shifted.tv_sec;
}
