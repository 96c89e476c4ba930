/* One end of a measurement with libzmq: see child.go for what it says on its standard output,
 * message.go for the messages.
 *
 *	end server LOAD...
 *	end client ADDR LOAD...
 *
 * LOAD is call|oneway, bytes, window, milliseconds to warm up, milliseconds to measure. Messages
 * up to 8 KiB are copied into one frame; of longer ones the payload is a frame by reference. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { HEAD = 148, OFF_FLAGS = 14, OFF_SLOT = 40, ASK = 1, TELL = 2, SETTLE = 4, COPY = 8 << 10 };

struct load {
	int oneway, window;
	size_t size;
	int64_t warm, cell; /* ns */
};

static char *payload;

static void die(const char *what) {
	fprintf(stderr, "%s: %s\n", what, zmq_strerror(errno));
	exit(1);
}

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t cpu(void) {
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

/* peak is the kernel's high-water mark of the resident memory in KiB. ru_maxrss will not do:
 * it begins with that of the process that started this one. */
static long peak(void) {
	char line[256];
	long kib = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

/* The histogram of histogram.go. */
static uint32_t buckets[60 * 32];

static int bucket_of(uint64_t ns) {
	int bits = ns ? 64 - __builtin_clzll(ns) : 0, shift = bits > 6 ? bits - 6 : 0;
	return shift * 32 + (int)(ns >> shift);
}

static int64_t middle(int b) {
	int shift = b / 32 > 1 ? b / 32 - 1 : 0;
	return ((int64_t)(b - shift * 32) << shift) + (1LL << shift) / 2;
}

static int64_t quantile(double q, int64_t n) {
	int64_t seen = 0;
	for (int b = 0; b < 60 * 32; b++)
		if ((seen += buckets[b]) > 0 && seen >= q * n)
			return middle(b);
	return 0;
}

static struct load parse(char **argv) {
	struct load l = {strcmp(argv[0], "oneway") == 0, atoi(argv[2]), strtoul(argv[1], 0, 10),
		atoi(argv[3]) * 1000000LL, atoi(argv[4]) * 1000000LL};
	payload = calloc(1, l.size + 1);
	return l;
}

/* open_socket bounds what a queue holds to about 64 MiB. */
static void *open_socket(void *ctx, int type, struct load l) {
	void *s = zmq_socket(ctx, type);
	int hwm = (64 << 20) / (int)(l.size + HEAD), zero = 0;
	hwm = hwm < 4 ? 4 : hwm > 100000 ? 100000 : hwm;
	if (hwm < l.window)
		hwm = l.window;
	if (!s || zmq_setsockopt(s, ZMQ_SNDHWM, &hwm, sizeof hwm) || zmq_setsockopt(s, ZMQ_RCVHWM, &hwm, sizeof hwm) ||
	    zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof zero))
		die("socket");
	return s;
}

static void keep(void *data, void *hint) {
	(void)data;
	(void)hint;
}

static void send_message(void *s, int flags, uint64_t slot, size_t size) {
	zmq_msg_t m;
	size_t with = size <= COPY ? size : 0;
	zmq_msg_init_size(&m, HEAD + with);
	char *b = zmq_msg_data(&m);
	memset(b, 0, HEAD);
	uint16_t f = flags;
	memcpy(b + OFF_FLAGS, &f, sizeof f);
	memcpy(b + OFF_SLOT, &slot, sizeof slot);
	memcpy(b + HEAD, payload, with);
	if (zmq_msg_send(&m, s, with < size ? ZMQ_SNDMORE : 0) < 0)
		die("send");
	if (with < size) {
		zmq_msg_init_data(&m, payload, size, keep, 0);
		if (zmq_msg_send(&m, s, 0) < 0)
			die("send payload");
	}
}

/* receive reads one message and keeps its first frame's flags and slot. */
static int receive(void *s, int *flags, uint64_t *slot, int wait) {
	zmq_msg_t m;
	zmq_msg_init(&m);
	if (zmq_msg_recv(&m, s, wait ? 0 : ZMQ_DONTWAIT) < 0) {
		if (errno == EAGAIN)
			return 0;
		die("receive");
	}
	if (zmq_msg_size(&m) < HEAD) {
		fprintf(stderr, "a message of another shape\n");
		exit(1);
	}
	char *b = zmq_msg_data(&m);
	uint16_t f;
	memcpy(&f, b + OFF_FLAGS, sizeof f);
	memcpy(slot, b + OFF_SLOT, sizeof *slot);
	*flags = f;
	while (zmq_msg_more(&m))
		if (zmq_msg_recv(&m, s, 0) < 0)
			die("receive payload");
	zmq_msg_close(&m);
	return 1;
}

static void *usage_thread(void *arg) {
	(void)arg;
	char line[64];
	while (fgets(line, sizeof line, stdin)) {
		printf("usage {\"cpu\":%lld,\"mallocs\":-1,\"peak\":%ld}\n", (long long)cpu(), peak());
		fflush(stdout);
	}
	_exit(0);
}

static void answer(void *router, zmq_msg_t *id, uint64_t slot) {
	if (zmq_msg_send(id, router, ZMQ_SNDMORE) < 0)
		die("send identity");
	send_message(router, 0, slot, 0);
}

static void serve(void *ctx, struct load l) {
	void *router = open_socket(ctx, ZMQ_ROUTER, l), *pull = open_socket(ctx, ZMQ_PULL, l);
	char a[128], b[128];
	size_t an = sizeof a, bn = sizeof b;
	if (zmq_bind(router, "tcp://127.0.0.1:*") || zmq_bind(pull, "tcp://127.0.0.1:*") ||
	    zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, a, &an) || zmq_getsockopt(pull, ZMQ_LAST_ENDPOINT, b, &bn))
		die("bind");
	printf("listening %s,%s\n", a, b);
	fflush(stdout);
	pthread_t t;
	pthread_create(&t, 0, usage_thread, 0);

	zmq_msg_t id, held;
	zmq_msg_init(&held);
	uint64_t told = 0, wanted = 0, slot;
	int flags, waiting = 0;
	zmq_pollitem_t items[] = {{router, 0, ZMQ_POLLIN, 0}, {pull, 0, ZMQ_POLLIN, 0}};
	for (;;) {
		if (zmq_poll(items, 2, -1) < 0)
			die("poll");
		while (items[1].revents && receive(pull, &flags, &slot, 0))
			told++;
		while (items[0].revents) {
			zmq_msg_init(&id);
			if (zmq_msg_recv(&id, router, ZMQ_DONTWAIT) < 0)
				break;
			receive(router, &flags, &slot, 1);
			if (flags == SETTLE) {
				waiting = 1, wanted = slot;
				zmq_msg_move(&held, &id);
			} else
				answer(router, &id, slot);
		}
		if (waiting && told >= wanted) {
			waiting = 0;
			answer(router, &held, wanted);
			zmq_msg_init(&held);
		}
	}
}

/* calls keeps the window full for ns and at least one call, and returns how many ended. sent is 0 where no call
 * is in flight. */
static int64_t calls(void *dealer, struct load l, int64_t ns, int64_t *sent) {
	int64_t n = 0, t = now(), until = t + ns;
	for (int i = 0; i < l.window; i++)
		if (!sent[i]) {
			sent[i] = t;
			send_message(dealer, ASK, i, l.size);
		}
	while (t < until || n == 0) {
		uint64_t slot;
		int flags;
		receive(dealer, &flags, &slot, 1);
		t = now();
		buckets[bucket_of(t - sent[slot])]++;
		n++;
		sent[slot] = t;
		send_message(dealer, ASK, slot, l.size);
	}
	return n;
}

/* tells sends for ns, and returns how many were sent when all have been counted. */
static int64_t tells(void *dealer, void *push, struct load l, int64_t ns, int64_t before) {
	int64_t n = 0, until = now() + ns;
	do {
		send_message(push, TELL, 0, l.size);
		n++;
	} while ((l.size < 64 << 10 && n % 32) || now() < until);
	uint64_t slot;
	int flags;
	send_message(dealer, SETTLE, before + n, 0);
	receive(dealer, &flags, &slot, 1);
	return n;
}

static void *orphan(void *arg) {
	(void)arg;
	while (getchar() != EOF)
		;
	_exit(1);
}

static void client(void *ctx, char *addr, struct load l) {
	void *dealer = open_socket(ctx, ZMQ_DEALER, l), *push = open_socket(ctx, ZMQ_PUSH, l);
	char *second = strchr(addr, ',');
	*second++ = 0;
	if (zmq_connect(dealer, addr) || zmq_connect(push, second))
		die("connect");
	pthread_t th;
	pthread_create(&th, 0, orphan, 0);

	int64_t *sent = calloc(l.window, sizeof *sent), n = 0;
	int64_t warmed = l.oneway ? tells(dealer, push, l, l.warm, 0) : calls(dealer, l, l.warm, sent);
	memset(buckets, 0, sizeof buckets);
	int64_t c = cpu(), t = now();
	puts("begin");
	fflush(stdout);
	n = l.oneway ? tells(dealer, push, l, l.cell, warmed) : calls(dealer, l, l.cell, sent);
	t = now() - t;
	c = cpu() - c;
	printf("sample {\"ops\":%lld,\"time\":%lld,\"p50\":%lld,\"p99\":%lld,"
	       "\"usage\":{\"cpu\":%lld,\"mallocs\":-1,\"peak\":%ld}}\n",
	       (long long)n, (long long)t, (long long)quantile(0.5, n), (long long)quantile(0.99, n), (long long)c, peak());
	fflush(stdout);
	for (;;)
		pause(); /* until our input is closed */
}

int main(int argc, char **argv) {
	void *ctx = zmq_ctx_new();
	if (argc == 7 && strcmp(argv[1], "server") == 0)
		serve(ctx, parse(argv + 2));
	else if (argc == 8 && strcmp(argv[1], "client") == 0)
		client(ctx, argv[2], parse(argv + 3));
	fprintf(stderr, "usage: end server LOAD... | end client ADDR LOAD...\n");
	return 2;
}
