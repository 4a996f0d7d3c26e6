/*
 * The floor: one epoll loop that writes every message to every stream, one write() each. No parsing beyond the method, no
 * history, no presence, no tokens.
 *
 *   GET  opens a stream
 *   POST sends its body to all streams; the answer comes when the last write is done
 *
 * Usage: raw PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 20000
#define BUFFER 65536

static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

static int streams[MOST];
static int count;
static int place[65536];
static char *pending[65536];
static int length[65536];

static void forget(int fd) {
	if (place[fd] > 0) {
		int at = place[fd] - 1;
		streams[at] = streams[--count];
		place[streams[at]] = at + 1;
		place[fd] = 0;
	}
	free(pending[fd]);
	pending[fd] = NULL;
	length[fd] = 0;
	close(fd);
}

static int put(int fd, const char *bytes, int size) {
	while (size > 0) {
		int done = write(fd, bytes, size);
		if (done < 0 && errno == EAGAIN) {
			struct pollfd wait = { fd, POLLOUT, 0 };
			poll(&wait, 1, 10000);
			continue;
		}
		if (done <= 0) {
			return -1;
		}
		bytes += done;
		size -= done;
	}
	return 0;
}

static void broadcast(const char *body, int size) {
	static long id;
	char block[BUFFER + 200], chunk[BUFFER + 300];
	int n = sprintf(block, "id: %015ld-0\ndata: %.*s\n\n", ++id, size, body);
	int m = sprintf(chunk, "%x\r\n%.*s\r\n", n, n, block);
	for (int i = count - 1; i >= 0; i--) {
		if (put(streams[i], chunk, m) < 0) {
			forget(streams[i]);
		}
	}
}

/* Returns how many bytes of the request are used up, 0 while it is not whole. */
static int request(int fd, char *bytes, int size) {
	char *end = memmem(bytes, size, "\r\n\r\n", 4);
	if (!end) {
		return 0;
	}
	int head = end + 4 - bytes;
	if (bytes[0] == 'G') {
		streams[count++] = fd;
		place[fd] = count;
		put(fd, HEAD, sizeof HEAD - 1);
		return head;
	}
	char *field = memmem(bytes, head, "Content-Length: ", 16);
	int body = field ? atoi(field + 16) : 0;
	if (size < head + body) {
		return 0;
	}
	broadcast(bytes + head, body);
	put(fd, ANSWER, sizeof ANSWER - 1);
	return head + body;
}

static void readable(int fd) {
	if (!pending[fd]) {
		pending[fd] = malloc(BUFFER);
	}
	int got = read(fd, pending[fd] + length[fd], BUFFER - length[fd]);
	if (got <= 0) {
		if (got == 0 || errno != EAGAIN) {
			forget(fd);
		}
		return;
	}
	length[fd] += got;
	int used;
	while (length[fd] > 0 && (used = request(fd, pending[fd], length[fd])) > 0) {
		length[fd] -= used;
		memmove(pending[fd], pending[fd] + used, length[fd]);
	}
	if (length[fd] == 0) {
		free(pending[fd]);
		pending[fd] = NULL;
	}
}

int main(int argc, char **argv) {
	signal(SIGPIPE, SIG_IGN);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[argc - 1])) };
	if (bind(listener, (struct sockaddr *) &address, sizeof address) || listen(listener, 4096)) {
		perror("listen");
		return 1;
	}
	int loop = epoll_create1(0);
	struct epoll_event event = { EPOLLIN, { .fd = listener } }, events[512];
	epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int ready = epoll_wait(loop, events, 512, -1);
		for (int i = 0; i < ready; i++) {
			int fd = events[i].data.fd;
			if (fd != listener) {
				readable(fd);
				continue;
			}
			int taken;
			while ((taken = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
				if (count >= MOST - 100) {
					close(taken);
					continue;
				}
				setsockopt(taken, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
				struct epoll_event added = { EPOLLIN, { .fd = taken } };
				epoll_ctl(loop, EPOLL_CTL_ADD, taken, &added);
			}
		}
	}
}
