/* bench.c - make bench: figures of the whole program, each beside something measured in
 * the same run. Nothing here judges: machines differ, ratios travel.
 *
 * usage: bench CHELA FOLDER FOLDER FOLDER [MESSAGES]; the first is an instance in which offline
 * is enabled; the others are made here: for a model served by this program over loopback, and
 * for three channels (bench_channel.c), through which so many messages go at the end. */
#include "bench_parts.h"
#include "buf.h"
#include "control.h"
#include "json.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STARTS = 20, SYNCS = 300, MESSAGES = 300, SOAK = 3000, WORDS = 100 };

/* ---- the core ------------------------------------------------------------ */

static int connect_soon(const char *control)
{
	for (int i = 0; i < 20000; i++) {
		int fd = control_connect(control);

		if (fd >= 0)
			return fd;
		nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
	}
	fail("the core does not listen");
	return -1;
}

static double start_ms(char *chela, char *dir, const char *control, pid_t *ret_core, int *ret_fd)
{
	char *args[] = { chela, (char[]){ "--instance" }, dir, (char[]){ "run" }, NULL };
	double began = now_ms();

	*ret_core = start(args, NULL);
	*ret_fd = connect_soon(control);
	return now_ms() - began;
}

static double nothing_ms(void)
{
	char *args[] = { (char[]){ "true" }, NULL };
	double began = now_ms();

	waitpid(start(args, NULL), NULL, 0);
	return now_ms() - began;
}

static void ask(int fd, cJSON *request)
{
	if (control_ask(fd, request))
		fail("the core is gone");
	json_drop(&request);
}

/* A line said, until its answer is here. */
static double answer_ms(int fd, struct buf *kept, int number)
{
	char id[40];
	double began = now_ms();

	snprintf(id, sizeof id, "bench-%d-%d", (int)getpid(), number);
	ask(fd, json_build("{do:'say',id:%s,text:'hello'}", id));
	for (bool answered = false; !answered;) {
		cJSON *heard = NULL;
		int64_t row = 0;

		if (control_hear(fd, kept, &heard))
			fail("the core is gone");
		answered = json_number(heard, "/row", 1, INT64_MAX, &row);
		json_drop(&heard);
		if (answered)
			ask(fd, json_build("{do:'shown',row:%D}", row));
	}
	return now_ms() - began;
}

/* ---- a model server ------------------------------------------------------ */

static void send_all(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		exit(0);
}

/* Answers each request with a stream; tells `told` when its first byte left. */
static void serve(int listener, int told)
{
	static char request[1 << 20];

	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		ssize_t n = 0, got;
		double left = 0;

		do {		/* a turn's request ends in the list of its messages */
			got = read(fd, request + n, sizeof request - 1 - (size_t)n);
			n += got > 0 ? got : 0;
			request[n] = '\0';
		} while (got > 0 && !strstr(request, "}]}"));
		left = now_ms();
		send_all(fd, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
			 "data: {\"choices\":[{\"delta\":{\"content\":\"Well\"}}]}\n\n");
		if (write(told, &left, sizeof left) < 0)
			exit(0);
		send_all(fd, "data: {\"choices\":[{\"delta\":{\"content\":\".\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
		close(fd);
	}
}

static pid_t server_start(int *ret_port, int *ret_told)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof name;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), told[2];
	pid_t child;

	if (bind(listener, (struct sockaddr *)&name, len) || listen(listener, 16) ||
	    getsockname(listener, (struct sockaddr *)&name, &len) || pipe2(told, O_CLOEXEC))
		fail("no socket is to be had");
	child = fork();
	if (child == 0)
		serve(listener, told[1]);
	close(listener);
	close(told[1]);
	*ret_port = ntohs(name.sin_port);
	*ret_told = told[0];
	return child;
}

/* From the first byte of the server's answer to the first word that a client hears. */
static double word_ms(int fd, struct buf *kept, int told, int number)
{
	double left = 0, heard_at = 0;
	char id[40];

	snprintf(id, sizeof id, "word-%d-%d", (int)getpid(), number);
	ask(fd, json_build("{do:'say',id:%s,text:'hello'}", id));
	for (bool answered = false; !answered;) {
		cJSON *heard = NULL;
		int64_t row = 0;

		if (control_hear(fd, kept, &heard))
			fail("the core is gone");
		if (json_text(heard, "/delta") && heard_at == 0)
			heard_at = now_ms();
		answered = json_number(heard, "/row", 1, INT64_MAX, &row);
		json_drop(&heard);
		if (answered)
			ask(fd, json_build("{do:'shown',row:%D}", row));
	}
	if (heard_at == 0 || read(told, &left, sizeof left) != sizeof left)
		fail("the model did not answer: look at the instance's log");
	return heard_at - left;
}

static void bench_words(char *chela, char *dir)
{
	static double words[WORDS];
	DEFER(text_free) char *conf = text_fmt("%s/assistant.conf", dir);
	DEFER(text_free) char *control = text_fmt("%s/control", dir);
	char *enable[] = { chela, (char[]){ "--instance" }, dir, (char[]){ "chat" }, (char[]){ "--yes-to" }, (char[]){ "openai" }, NULL };
	struct buf kept = buf_new((size_t)1 << 22);
	int port, told, fd;
	pid_t server = server_start(&port, &told), core;
	FILE *f;

	mkdir(dir, 0700);
	f = fopen(conf, "we");
	if (!f)
		fail("the second folder cannot be written");
	fprintf(f, "model m = openai at http://127.0.0.1:%d/v1 using x\nuse m\n", port);
	fclose(f);
	waitpid(start(enable, NULL), NULL, 0);
	start_ms(chela, dir, control, &core, &fd);
	ask(fd, json_build("{do:'hello'}"));
	for (int i = 0; i < WORDS; i++)
		words[i] = word_ms(fd, &kept, told, i);
	printf("first byte to first word   p50 %6.2f ms   p99 %.2f ms\n", part(words, WORDS, .5), part(words, WORDS, .99));
	close(fd);
	stop(core);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	buf_free(&kept);
}

int main(int argc, char **argv)
{
	static double starts[STARTS], nothings[STARTS], syncs[SYNCS], answers[SOAK];
	DEFER(text_free) char *control = NULL;
	DEFER(text_free) char *file = NULL;
	struct buf kept = buf_new((size_t)1 << 22);
	double began, took;
	pid_t core;
	int fd, disk;

	if (argc < 5)
		fail("usage: bench CHELA FOLDER FOLDER FOLDER [MESSAGES]");
	if (geteuid() != 0)
		puts("(the figures of memory need root, and read 0 here)");
	control = text_fmt("%s/control", argv[2]);
	file = text_fmt("%s/sync", argv[2]);
	for (int i = 0; i < STARTS; i++) {
		nothings[i] = nothing_ms();
		starts[i] = start_ms(argv[1], argv[2], control, &core, &fd);
		close(fd);
		stop(core);
	}
	printf("start until it listens     p50 %6.1f ms   starting `true`  p50 %5.1f ms   ratio %.1f\n",
	       part(starts, STARTS, .5), part(nothings, STARTS, .5), part(starts, STARTS, .5) / part(nothings, STARTS, .5));

	start_ms(argv[1], argv[2], control, &core, &fd);
	ask(fd, json_build("{do:'hello'}"));
	printf("core, idle                 private and dirty %ld kB, resident %ld kB\n", memory_kb(core, "Private_Dirty"), memory_kb(core, "Rss"));
	disk = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	for (int i = 0; i < SYNCS; i++)
		syncs[i] = sync_ms(disk);
	for (int i = 0; i < MESSAGES; i++)
		answers[i] = answer_ms(fd, &kept, i);
	printf("a line until its answer    p50 %6.1f ms   fdatasync        p50 %5.2f ms   ratio %.1f\n",
	       part(answers, MESSAGES, .5), part(syncs, SYNCS, .5), part(answers, MESSAGES, .5) / part(syncs, SYNCS, .5));
	printf("                           p99 %6.1f ms   fdatasync        p99 %5.2f ms\n",
	       part(answers, MESSAGES, .99), part(syncs, SYNCS, .99));
	ask(fd, json_build("{do:'new'}"));
	began = now_ms();
	for (int i = 0; i < SOAK; i++) {
		if (i % 20 == 0)
			ask(fd, json_build("{do:'new'}"));
		answer_ms(fd, &kept, MESSAGES + i);
	}
	took = now_ms() - began;
	printf("after %d answers         private and dirty %ld kB, resident %ld kB   (%.0f answers a second, one after the other)\n",
	       MESSAGES + SOAK, memory_kb(core, "Private_Dirty"), memory_kb(core, "Rss"), SOAK / took * 1e3);
	close(disk);
	unlink(file);
	close(fd);
	stop(core);
	bench_words(argv[1], argv[3]);
	bench_channel(argv[1], argv[4], argc > 5 ? (int)strtol(argv[5], NULL, 10) : 100000);
	return 0;
}
