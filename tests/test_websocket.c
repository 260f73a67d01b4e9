/* test_websocket.c - core/websocket.h and core/upgrade.h over real sockets, against a server
 * that frames by hand. */
#include "fake.h"
#include "folder.h"
#include "frames.h"
#include "framing.h"
#include "limits.h"
#include "upgrade.h"
#include "websocket.h"
#include <arpa/inet.h>
#include <check.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ck_assert_has(text, piece) ck_assert_msg(strstr(text, piece), "\"%s\" lacks \"%s\"", text, piece)

static struct loop *loop;
static struct fake *fake;
static struct websocket w;
static char url[80];
static int opened, ended;
static bool may;
static struct buf texts;		/* what came out: "[text]" each */
static struct buf heard, sent;		/* by the server: what is not whole yet; frames without their masks */

/* ---- the owner ----------------------------------------------------------- */

static bool may_connect(struct websocket *s, const struct sockaddr *a)
{
	(void)s;
	(void)a;
	return may;
}

static void was_opened(struct websocket *s)
{
	(void)s;
	opened++;
}

static void was_told(struct websocket *s, struct str text)
{
	(void)s;
	buf_addf(&texts, "[%.*s]", (int)text.len, text.at);
}

static void was_ended(struct websocket *s)
{
	ck_assert_ptr_null(s->parts);
	ended++;
}

static void open_line(void)
{
	w.url = url;
	w.may_connect = may_connect;
	w.opened = was_opened;
	w.message = w.message ? w.message : was_told;
	w.ended = was_ended;
	opened = ended = 0;
	websocket_open(loop, &w);
	ck_assert_int_eq(opened + ended, 0);
}

static void too_long(struct timer *t)
{
	(void)t;
	ck_abort_msg("nothing came of it");
}

/* At least n. */
static void wait_until(const int *what, int n)
{
	struct timer guard = { .fired = too_long };

	timer_set(loop, &guard, 10000);
	while (*what < n)
		loop_once(loop);
	timer_stop(&guard);
}

static void counted(struct timer *t)
{
	(void)t;
	loop_stop(loop);
}

/* Long enough for whatever would wrongly come. */
static void run_for(int64_t ms)
{
	struct timer end = { .fired = counted };

	timer_set(loop, &end, ms);
	loop_run(loop);
	timer_stop(&end);
}

/* ---- the server ---------------------------------------------------------- */

static void take_frames(struct str bytes)
{
	const char *why;

	buf_add(&heard, bytes.at, bytes.len);
	why = frames_hear(&heard, &sent);
	ck_assert_msg(!why, "the server heard %s", why);
}

static bool last_is_close(void)
{
	size_t at = 0, last = 0;

	while (at < sent.len) {
		const unsigned char *f = (const unsigned char *)sent.at + at;

		last = at;
		at += f[1] == 127 ? 10 + (f[7] << 16 | f[8] << 8 | f[9]) : f[1] == 126 ? 4 + (f[2] << 8 | f[3]) : 2 + f[1];
	}
	return sent.len && (unsigned char)sent.at[last] == 0x88;
}

/* A server closes the connection when it has a close frame. */
static void hear(struct fake *f, struct str bytes)
{
	take_frames(bytes);
	if (last_is_close())
		fake_hang_up(f);
}

static void hear_and_stay(struct fake *f, struct str bytes)
{
	(void)f;
	take_frames(bytes);
}

static void script_accept(const char *request)
{
	DEFER(text_free) char *answer = frames_accept(request);

	fake_script(fake);
	fake_sendf(fake, "%s", answer);
}

static void script_frames(const char *notation)
{
	struct buf b = buf_new(64 * 1024 * 1024);

	frames_write(&b, notation);
	fake_send(fake, buf_str(&b));
	buf_free(&b);
}

static const char *says;		/* in notation, once it has accepted */
static size_t pace;

static void answer(struct fake *f, const char *request)
{
	script_accept(request);
	fake_pace(f, pace);
	script_frames(says);
	fake_talk(f, hear);
}

static void sends(const char *notation)
{
	struct buf want = buf_new(64 * 1024 * 1024);

	frames_write(&want, notation);
	ck_assert_msg(sent.len == want.len && memcmp(buf_text(&sent), buf_text(&want), want.len) == 0,
		      "not %.100s was sent, but %zu bytes: %.20s", notation, sent.len, sent.len > 2 ? buf_text(&sent) + 2 : "");
	buf_free(&want);
}

static void set_up(void)
{
	loop = loop_new();
	fake = fake_new(loop);
	snprintf(url, sizeof url, "ws%s/link?ticket=1", fake_origin(fake) + strlen("http"));
	fake_when_out(fake, answer);
	says = "";
	pace = 0;
	may = true;
	w = (struct websocket){ 0 };
	texts = buf_new(64 * 1024 * 1024);
	heard = buf_new(64 * 1024 * 1024);
	sent = buf_new(64 * 1024 * 1024);
}

static void tear_down(void)
{
	websocket_drop(&w);
	fake_free(fake);
	loop_free(loop);
	buf_free(&texts);
	buf_free(&heard);
	buf_free(&sent);
}

/* ---- the cases of the Autobahn test-suite -------------------------------- */

/* The owner gives each text back, a long one by its length. What the server hears then, and
 * how the line ends, is the verdict. Binary messages are dropped, which differs from the
 * suite's echo; sizes over SOCKET_MESSAGE_MAX must be refused with 1009. */

enum { WHOLE = 0, FRAMES = -1 };	/* chops: all at once, a frame in each turn, else so many bytes */

struct autobahn {
	const char *id;
	int chop;
	const char *says;
	enum websocket_end end;
	int code;
	const char *want;
};

#define HELLO "T:Hello, world!"
#define CLOSED WEBSOCKET_CLOSED
#define WRONG WEBSOCKET_WRONG
#define KOSME "cebae1bdb9cf83cebcceb5"
#define EDITED "656469746564"
#define X16 "****************"

static const struct autobahn cases[] = {
	{ "1.1.1", WHOLE, "T|X1000", CLOSED, 1000, "T|X1000" },
	{ "1.1.2", WHOLE, "T=125|X1000", CLOSED, 1000, "T=125|X1000" },
	{ "1.1.3", WHOLE, "T=126|X1000", CLOSED, 1000, "T=126|X1000" },
	{ "1.1.4", WHOLE, "T=127|X1000", CLOSED, 1000, "T=127|X1000" },
	{ "1.1.5", WHOLE, "T=128|X1000", CLOSED, 1000, "T=128|X1000" },
	{ "1.1.6", WHOLE, "T=65535|X1000", CLOSED, 1000, "T=65535|X1000" },
	{ "1.1.7", WHOLE, "T=65536|X1000", CLOSED, 1000, "T=65536|X1000" },
	{ "1.1.8", 997, "T=65536|X1000", CLOSED, 1000, "T=65536|X1000" },

	{ "1.2.1", WHOLE, "B|X1000", CLOSED, 1000, "X1000" },
	{ "1.2.2", WHOLE, "B=125|X1000", CLOSED, 1000, "X1000" },
	{ "1.2.3", WHOLE, "B=126|X1000", CLOSED, 1000, "X1000" },
	{ "1.2.4", WHOLE, "B=127|X1000", CLOSED, 1000, "X1000" },
	{ "1.2.5", WHOLE, "B=128|X1000", CLOSED, 1000, "X1000" },
	{ "1.2.6", WHOLE, "B=65535|X1000", CLOSED, 1000, "X1000" },
	{ "1.2.7", WHOLE, "B=65536|X1000", CLOSED, 1000, "X1000" },
	{ "1.2.8", 997, "B=65536|T:after|X1000", CLOSED, 1000, "T:after|X1000" },

	{ "2.1", WHOLE, "P|X1000", CLOSED, 1000, "O|X1000" },
	{ "2.2", WHOLE, "P:Hello, world!|X1000", CLOSED, 1000, "O:Hello, world!|X1000" },
	{ "2.3", WHOLE, "P#00fffefdfcfb00ff|X1000", CLOSED, 1000, "O#00fffefdfcfb00ff|X1000" },
	{ "2.4", WHOLE, "P=125|X1000", CLOSED, 1000, "O=125|X1000" },
	{ "2.5", WHOLE, "P=126", WRONG, 1002, "X1002" },
	{ "2.6", 1, "P=125|X1000", CLOSED, 1000, "O=125|X1000" },
	{ "2.7", WHOLE, "O|X1000", CLOSED, 1000, "X1000" },
	{ "2.8", WHOLE, "O:unsolicited|X1000", CLOSED, 1000, "X1000" },
	{ "2.9", WHOLE, "O:unsolicited|P:ping|X1000", CLOSED, 1000, "O:ping|X1000" },
	{ "2.10", WHOLE, "10*P:ping|X1000", CLOSED, 1000, "10*O:ping|X1000" },
	{ "2.11", 1, "10*P:ping|X1000", CLOSED, 1000, "10*O:ping|X1000" },

	{ "3.1", WHOLE, "%91:Hello, world!", WRONG, 1002, "X1002" },
	{ "3.2", WHOLE, HELLO "|%A1:Hello, world!|P", WRONG, 1002, HELLO "|X1002" },
	{ "3.3", FRAMES, HELLO "|%B1:Hello, world!|P", WRONG, 1002, HELLO "|X1002" },
	{ "3.4", 1, HELLO "|%C1:Hello, world!|P", WRONG, 1002, HELLO "|X1002" },
	{ "3.5", WHOLE, "%D2#00fffe", WRONG, 1002, "X1002" },
	{ "3.6", WHOLE, "%E9:Hello, world!", WRONG, 1002, "X1002" },
	{ "3.7", WHOLE, "%F8#03e8", WRONG, 1002, "X1002" },

	{ "4.1.1", WHOLE, "%83", WRONG, 1002, "X1002" },
	{ "4.1.2", WHOLE, "%84:reserved", WRONG, 1002, "X1002" },
	{ "4.1.3", WHOLE, HELLO "|%85|P", WRONG, 1002, HELLO "|X1002" },
	{ "4.1.4", WHOLE, HELLO "|%86:reserved|P", WRONG, 1002, HELLO "|X1002" },
	{ "4.1.5", 1, HELLO "|%87:reserved|P", WRONG, 1002, HELLO "|X1002" },
	{ "4.2.1", WHOLE, "%8B", WRONG, 1002, "X1002" },
	{ "4.2.2", WHOLE, "%8C:reserved", WRONG, 1002, "X1002" },
	{ "4.2.3", WHOLE, HELLO "|%8D|P", WRONG, 1002, HELLO "|X1002" },
	{ "4.2.4", WHOLE, HELLO "|%8E:reserved|P", WRONG, 1002, HELLO "|X1002" },
	{ "4.2.5", 1, HELLO "|%8F:reserved|P", WRONG, 1002, HELLO "|X1002" },

	{ "5.1", WHOLE, "p:fragment1|C:fragment2", WRONG, 1002, "X1002" },
	{ "5.2", WHOLE, "o:fragment1|C:fragment2", WRONG, 1002, "X1002" },
	{ "5.3", WHOLE, "t:fragment1|C:fragment2|X1000", CLOSED, 1000, "T:fragment1fragment2|X1000" },
	{ "5.4", FRAMES, "t:fragment1|C:fragment2|X1000", CLOSED, 1000, "T:fragment1fragment2|X1000" },
	{ "5.5", 1, "t:fragment1|C:fragment2|X1000", CLOSED, 1000, "T:fragment1fragment2|X1000" },
	{ "5.6", WHOLE, "t:fragment1|P:ping|C:fragment2|X1000", CLOSED, 1000, "O:ping|T:fragment1fragment2|X1000" },
	{ "5.7", FRAMES, "t:fragment1|P:ping|C:fragment2|X1000", CLOSED, 1000, "O:ping|T:fragment1fragment2|X1000" },
	{ "5.8", 1, "t:fragment1|P:ping|C:fragment2|X1000", CLOSED, 1000, "O:ping|T:fragment1fragment2|X1000" },
	{ "5.9", WHOLE, "C:nothing|" HELLO, WRONG, 1002, "X1002" },
	{ "5.10", FRAMES, "C:nothing|" HELLO, WRONG, 1002, "X1002" },
	{ "5.11", 1, "C:nothing|" HELLO, WRONG, 1002, "X1002" },
	{ "5.12", WHOLE, "c:nothing|" HELLO, WRONG, 1002, "X1002" },
	{ "5.13", FRAMES, "c:nothing|" HELLO, WRONG, 1002, "X1002" },
	{ "5.14", 1, "c:nothing|" HELLO, WRONG, 1002, "X1002" },
	{ "5.15", WHOLE, "t:fragment1|C:fragment2|c:fragment3|T:fragment4", WRONG, 1002, "T:fragment1fragment2|X1002" },
	{ "5.16", WHOLE, "c:fragment1|t:fragment2|C:fragment3|c:fragment1|t:fragment2|C:fragment3", WRONG, 1002, "X1002" },
	{ "5.17", WHOLE, "C:fragment1|t:fragment2|C:fragment3|C:fragment1|t:fragment2|C:fragment3", WRONG, 1002, "X1002" },
	{ "5.18", WHOLE, "t:fragment1|T:fragment2", WRONG, 1002, "X1002" },
	{ "5.19", WHOLE, "t:fragment1|c:fragment2|P:ping1|c:fragment3|c:fragment4|P:ping2|C:fragment5|X1000", CLOSED, 1000,
	  "O:ping1|O:ping2|T:fragment1fragment2fragment3fragment4fragment5|X1000" },
	{ "5.20", FRAMES, "t:fragment1|c:fragment2|P:ping1|c:fragment3|c:fragment4|P:ping2|C:fragment5|X1000", CLOSED, 1000,
	  "O:ping1|O:ping2|T:fragment1fragment2fragment3fragment4fragment5|X1000" },

	{ "6.1.1", WHOLE, "T|X1000", CLOSED, 1000, "T|X1000" },
	{ "6.1.2", WHOLE, "t|c|C|X1000", CLOSED, 1000, "T|X1000" },
	{ "6.1.3", WHOLE, "t|c:middle frame payload|C|X1000", CLOSED, 1000, "T:middle frame payload|X1000" },
	{ "6.2.1", WHOLE, "T:Hello-\xC2\xB5@\xC3\x9F\xC3\xB6-UTF-8!!|X1000", CLOSED, 1000, "T:Hello-\xC2\xB5@\xC3\x9F\xC3\xB6-UTF-8!!|X1000" },
	{ "6.2.2", WHOLE, "t:Hello-\xC2\xB5@\xC3\x9F|C:\xC3\xB6-UTF-8!!|X1000", CLOSED, 1000, "T:Hello-\xC2\xB5@\xC3\x9F\xC3\xB6-UTF-8!!|X1000" },
	{ "6.2.3", WHOLE, "T#48c2b540c39fc3b62d/1|X1000", CLOSED, 1000, "T#48c2b540c39fc3b62d|X1000" },
	{ "6.2.4", WHOLE, "T#" KOSME "/1|X1000", CLOSED, 1000, "T#" KOSME "|X1000" },
	{ "6.3.1", WHOLE, "T#" KOSME "eda080" EDITED, WRONG, 1007, "X1007" },
	{ "6.3.2", WHOLE, "T#" KOSME "eda080" EDITED "/1", WRONG, 1007, "X1007" },
	{ "6.4.1", FRAMES, "t#" KOSME "|c#f4908080|C#" EDITED, WRONG, 1007, "X1007" },
	{ "6.4.2", FRAMES, "t#" KOSME "f4|c#90|C#8080" EDITED, WRONG, 1007, "X1007" },
	{ "6.4.3", 13, "T#" KOSME "f4908080" EDITED, WRONG, 1007, "X1007" },
	{ "6.4.4", 14, "T#" KOSME "f4908080" EDITED, WRONG, 1007, "X1007" },

	{ "7.1.1", WHOLE, HELLO "|X1000", CLOSED, 1000, HELLO "|X1000" },
	{ "7.1.2", WHOLE, "X1000|X1000", CLOSED, 1000, "X1000" },
	{ "7.1.3", WHOLE, "X1000|P", CLOSED, 1000, "X1000" },
	{ "7.1.4", WHOLE, "X1000|" HELLO, CLOSED, 1000, "X1000" },
	{ "7.1.5", WHOLE, "t:fragment1|X1000|C:fragment2", CLOSED, 1000, "X1000" },
	{ "7.1.6", WHOLE, "T=262144|X1000|P", CLOSED, 1000, "T:=262144|X1000" },
	{ "7.3.1", WHOLE, "X", CLOSED, 0, "X" },
	{ "7.3.2", WHOLE, "X#61", WRONG, 1002, "X1002" },
	{ "7.3.3", WHOLE, "X1000", CLOSED, 1000, "X1000" },
	{ "7.3.4", WHOLE, "X1000:Hello World!", CLOSED, 1000, "X1000" },
	{ "7.3.5", WHOLE, "X1000=123", CLOSED, 1000, "X1000" },
	{ "7.3.6", WHOLE, "X1000=124", WRONG, 1002, "X1002" },
	{ "7.5.1", WHOLE, "X1000#" KOSME "eda080" EDITED, WRONG, 1007, "X1007" },
	{ "7.7.1", WHOLE, "X1000", CLOSED, 1000, "X1000" },
	{ "7.7.2", WHOLE, "X1001", CLOSED, 1001, "X1001" },
	{ "7.7.3", WHOLE, "X1002", CLOSED, 1002, "X1002" },
	{ "7.7.4", WHOLE, "X1003", CLOSED, 1003, "X1003" },
	{ "7.7.5", WHOLE, "X1007", CLOSED, 1007, "X1007" },
	{ "7.7.6", WHOLE, "X1008", CLOSED, 1008, "X1008" },
	{ "7.7.7", WHOLE, "X1009", CLOSED, 1009, "X1009" },
	{ "7.7.8", WHOLE, "X1010", CLOSED, 1010, "X1010" },
	{ "7.7.9", WHOLE, "X1011", CLOSED, 1011, "X1011" },
	{ "7.7.10", WHOLE, "X3000", CLOSED, 3000, "X3000" },
	{ "7.7.11", WHOLE, "X3999", CLOSED, 3999, "X3999" },
	{ "7.7.12", WHOLE, "X4000", CLOSED, 4000, "X4000" },
	{ "7.7.13", WHOLE, "X4999", CLOSED, 4999, "X4999" },
	{ "7.9.1", WHOLE, "X0", WRONG, 1002, "X1002" },
	{ "7.9.2", WHOLE, "X999", WRONG, 1002, "X1002" },
	{ "7.9.3", WHOLE, "X1004", WRONG, 1002, "X1002" },
	{ "7.9.4", WHOLE, "X1005", WRONG, 1002, "X1002" },
	{ "7.9.5", WHOLE, "X1006", WRONG, 1002, "X1002" },
	{ "7.9.6", WHOLE, "X1016", WRONG, 1002, "X1002" },
	{ "7.9.7", WHOLE, "X1100", WRONG, 1002, "X1002" },
	{ "7.9.8", WHOLE, "X2000", WRONG, 1002, "X1002" },
	{ "7.9.9", WHOLE, "X2999", WRONG, 1002, "X1002" },
	{ "7.13.1", WHOLE, "X5000", WRONG, 1002, "X1002" },
	{ "7.13.2", WHOLE, "X65535", WRONG, 1002, "X1002" },

	{ "9.1.1", WHOLE, "T=65536|X1000", CLOSED, 1000, "T=65536|X1000" },
	{ "9.1.2", WHOLE, "T=262144|X1000", CLOSED, 1000, "T:=262144|X1000" },
	{ "9.1.3", WHOLE, "T=1048576|X1000", CLOSED, 1000, "T:=1048576|X1000" },
	{ "9.1.4", WHOLE, "T=4194304|X1000", CLOSED, 1000, "T:=4194304|X1000" },
	{ "9.1.5", WHOLE, "T=8388608|X1000", WRONG, 1009, "X1009" },
	{ "9.1.6", WHOLE, "T=16777216|X1000", WRONG, 1009, "X1009" },
	{ "9.2.1", WHOLE, "B=65536|X1000", CLOSED, 1000, "X1000" },
	{ "9.2.2", WHOLE, "B=262144|X1000", CLOSED, 1000, "X1000" },
	{ "9.2.3", WHOLE, "B=1048576|X1000", CLOSED, 1000, "X1000" },
	{ "9.2.4", WHOLE, "B=4194304|X1000", CLOSED, 1000, "X1000" },
	{ "9.2.5", WHOLE, "B=8388608|X1000", CLOSED, 1000, "X1000" },
	{ "9.2.6", WHOLE, "B=16777216|T:after|X1000", CLOSED, 1000, "T:after|X1000" },
	{ "9.3.1", WHOLE, "T=4194304/64|X1000", CLOSED, 1000, "T:=4194304|X1000" },
	{ "9.3.2", WHOLE, "T=4194304/256|X1000", CLOSED, 1000, "T:=4194304|X1000" },
	{ "9.3.3", WHOLE, "T=4194304/1024|X1000", CLOSED, 1000, "T:=4194304|X1000" },
	{ "9.3.4", WHOLE, "T=4194304/4096|X1000", CLOSED, 1000, "T:=4194304|X1000" },
	{ "9.3.5", WHOLE, "T=4194304/16384|X1000", CLOSED, 1000, "T:=4194304|X1000" },
	{ "9.3.6", WHOLE, "T=4194304/65536|X1000", CLOSED, 1000, "T:=4194304|X1000" },
	{ "9.3.7", WHOLE, "T=4194304/262144|X1000", CLOSED, 1000, "T:=4194304|X1000" },
	{ "9.3.8", WHOLE, "T=4194304/1048576|X1000", CLOSED, 1000, "T:=4194304|X1000" },
	{ "9.3.9", WHOLE, "T=4194304/4194304|X1000", CLOSED, 1000, "T:=4194304|X1000" },
	{ "9.4.1", WHOLE, "B=4194304/64|X1000", CLOSED, 1000, "X1000" },
	{ "9.4.2", WHOLE, "B=4194304/256|X1000", CLOSED, 1000, "X1000" },
	{ "9.4.3", WHOLE, "B=4194304/1024|X1000", CLOSED, 1000, "X1000" },
	{ "9.4.4", WHOLE, "B=4194304/4096|X1000", CLOSED, 1000, "X1000" },
	{ "9.4.5", WHOLE, "B=4194304/16384|X1000", CLOSED, 1000, "X1000" },
	{ "9.4.6", WHOLE, "B=4194304/65536|X1000", CLOSED, 1000, "X1000" },
	{ "9.4.7", WHOLE, "B=4194304/262144|X1000", CLOSED, 1000, "X1000" },
	{ "9.4.8", WHOLE, "B=4194304/1048576|X1000", CLOSED, 1000, "X1000" },
	{ "9.4.9", WHOLE, "B=4194304/4194304|T:after|X1000", CLOSED, 1000, "T:after|X1000" },
	{ "9.5.1", 64, "T=1048576|X1000", CLOSED, 1000, "T:=1048576|X1000" },
	{ "9.5.2", 128, "T=1048576|X1000", CLOSED, 1000, "T:=1048576|X1000" },
	{ "9.5.3", 256, "T=1048576|X1000", CLOSED, 1000, "T:=1048576|X1000" },
	{ "9.5.4", 512, "T=1048576|X1000", CLOSED, 1000, "T:=1048576|X1000" },
	{ "9.5.5", 1024, "T=1048576|X1000", CLOSED, 1000, "T:=1048576|X1000" },
	{ "9.5.6", 2048, "T=1048576|X1000", CLOSED, 1000, "T:=1048576|X1000" },
	{ "9.6.1", 64, "B=1048576|X1000", CLOSED, 1000, "X1000" },
	{ "9.6.2", 128, "B=1048576|X1000", CLOSED, 1000, "X1000" },
	{ "9.6.3", 256, "B=1048576|X1000", CLOSED, 1000, "X1000" },
	{ "9.6.4", 512, "B=1048576|X1000", CLOSED, 1000, "X1000" },
	{ "9.6.5", 1024, "B=1048576|X1000", CLOSED, 1000, "X1000" },
	{ "9.6.6", 2048, "B=1048576|X1000", CLOSED, 1000, "X1000" },
	{ "9.7.1", 2, "1000*T|X1000", CLOSED, 1000, "1000*T|X1000" },
	{ "9.7.2", 18, "1000*T=16|X1000", CLOSED, 1000, "1000*T=16|X1000" },
	{ "9.7.3", 66, "1000*T=64|X1000", CLOSED, 1000, "1000*T=64|X1000" },
	{ "9.7.4", 260, "1000*T=256|X1000", CLOSED, 1000, "1000*T=256|X1000" },
	{ "9.7.5", 1028, "1000*T=1024|X1000", CLOSED, 1000, "1000*T=1024|X1000" },
	{ "9.7.6", 4100, "1000*T=4096|X1000", CLOSED, 1000, "1000*T=4096|X1000" },
	{ "9.8.1", 2, "1000*B|X1000", CLOSED, 1000, "X1000" },
	{ "9.8.2", 18, "1000*B=16|X1000", CLOSED, 1000, "X1000" },
	{ "9.8.3", 66, "1000*B=64|X1000", CLOSED, 1000, "X1000" },
	{ "9.8.4", 260, "1000*B=256|X1000", CLOSED, 1000, "X1000" },
	{ "9.8.5", 1028, "1000*B=1024|X1000", CLOSED, 1000, "X1000" },
	{ "9.8.6", 4100, "1000*B=4096|T:after|X1000", CLOSED, 1000, "T:after|X1000" },

	{ "10.1.1", WHOLE, "T=65536/1300|X1000", CLOSED, 1000, "T=65536|X1000" },
};

/* Groups 6.5 to 6.23: one text, whose bytes are UTF-8 or are not. */
static const struct { const char *id; bool valid; const char *hex; } utf8_cases[] = {
	{ "6.5.1", true, "68656c6c6f24776f726c64" }, { "6.5.2", true, "68656c6c6fc2a2776f726c64" },
	{ "6.5.3", true, "68656c6c6fe282ac776f726c64" },
	{ "6.5.4", true, "68656c6c6ff0a4ada2776f726c64" }, { "6.5.5", true, "cebae1bdb9cf83cebcceb5" },
	{ "6.6.1", false, "ce" }, { "6.6.2", true, "ceba" }, { "6.6.3", false, "cebae1" },
	{ "6.6.4", false, "cebae1bd" }, { "6.6.5", true, "cebae1bdb9" },
	{ "6.6.6", false, "cebae1bdb9cf" }, { "6.6.7", true, "cebae1bdb9cf83" },
	{ "6.6.8", false, "cebae1bdb9cf83ce" }, { "6.6.9", true, "cebae1bdb9cf83cebc" },
	{ "6.6.10", false, "cebae1bdb9cf83cebcce" }, { "6.6.11", true, "cebae1bdb9cf83cebcceb5" },
	{ "6.7.1", true, "00" }, { "6.7.2", true, "c280" }, { "6.7.3", true, "e0a080" },
	{ "6.7.4", true, "f0908080" }, { "6.8.1", false, "f888808080" },
	{ "6.8.2", false, "fc8480808080" }, { "6.9.1", true, "7f" }, { "6.9.2", true, "dfbf" },
	{ "6.9.3", true, "efbfbf" }, { "6.9.4", true, "f48fbfbf" }, { "6.10.1", false, "f7bfbfbf" },
	{ "6.10.2", false, "fbbfbfbfbf" }, { "6.10.3", false, "fdbfbfbfbfbf" },
	{ "6.11.1", true, "ed9fbf" }, { "6.11.2", true, "ee8080" }, { "6.11.3", true, "efbfbd" },
	{ "6.11.4", true, "f48fbfbf" }, { "6.11.5", false, "f4908080" }, { "6.12.1", false, "80" },
	{ "6.12.2", false, "bf" }, { "6.12.3", false, "80bf" }, { "6.12.4", false, "80bf80" },
	{ "6.12.5", false, "80bf80bf" }, { "6.12.6", false, "80bf80bf80" },
	{ "6.12.7", false, "80bf80bf80bf" },
	{ "6.12.8", false, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbe" },
	{ "6.13.1", false, "c020c120c220c320c420c520c620c720c820c920ca20cb20cc20cd20ce20cf20d020d120d220d320d420d520d620d720d820d920da20db20dc20dd20de20" },
	{ "6.13.2", false, "e020e120e220e320e420e520e620e720e820e920ea20eb20ec20ed20ee20" },
	{ "6.13.3", false, "f020f120f220f320f420f520f620" }, { "6.13.4", false, "f820f920fa20" },
	{ "6.13.5", false, "fc20" }, { "6.14.1", false, "c0" }, { "6.14.2", false, "e080" },
	{ "6.14.3", false, "f08080" }, { "6.14.4", false, "f8808080" }, { "6.14.5", false, "fc80808080" },
	{ "6.14.6", false, "df" }, { "6.14.7", false, "efbf" }, { "6.14.8", false, "f7bfbf" },
	{ "6.14.9", false, "fbbfbfbf" }, { "6.14.10", false, "fdbfbfbfbf" },
	{ "6.15.1", false, "c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf" },
	{ "6.16.1", false, "fe" }, { "6.16.2", false, "ff" }, { "6.16.3", false, "fefeffff" },
	{ "6.17.1", false, "c0af" }, { "6.17.2", false, "e080af" }, { "6.17.3", false, "f08080af" },
	{ "6.17.4", false, "f8808080af" }, { "6.17.5", false, "fc80808080af" },
	{ "6.18.1", false, "c1bf" }, { "6.18.2", false, "e09fbf" }, { "6.18.3", false, "f08fbfbf" },
	{ "6.18.4", false, "f887bfbfbf" }, { "6.18.5", false, "fc83bfbfbfbf" },
	{ "6.19.1", false, "c080" }, { "6.19.2", false, "e08080" }, { "6.19.3", false, "f0808080" },
	{ "6.19.4", false, "f880808080" }, { "6.19.5", false, "fc8080808080" },
	{ "6.20.1", false, "eda080" }, { "6.20.2", false, "edadbf" }, { "6.20.3", false, "edae80" },
	{ "6.20.4", false, "edafbf" }, { "6.20.5", false, "edb080" }, { "6.20.6", false, "edbe80" },
	{ "6.20.7", false, "edbfbf" }, { "6.21.1", false, "eda080edb080" },
	{ "6.21.2", false, "eda080edbfbf" }, { "6.21.3", false, "edadbfedb080" },
	{ "6.21.4", false, "edadbfedbfbf" }, { "6.21.5", false, "edae80edb080" },
	{ "6.21.6", false, "edae80edbfbf" }, { "6.21.7", false, "edafbfedb080" },
	{ "6.21.8", false, "edafbfedbfbf" }, { "6.22.1", true, "efbfbe" }, { "6.22.2", true, "efbfbf" },
	{ "6.22.3", true, "f09fbfbe" }, { "6.22.4", true, "f09fbfbf" }, { "6.22.5", true, "f0afbfbe" },
	{ "6.22.6", true, "f0afbfbf" }, { "6.22.7", true, "f0bfbfbe" }, { "6.22.8", true, "f0bfbfbf" },
	{ "6.22.9", true, "f18fbfbe" }, { "6.22.10", true, "f18fbfbf" }, { "6.22.11", true, "f19fbfbe" },
	{ "6.22.12", true, "f19fbfbf" }, { "6.22.13", true, "f1afbfbe" }, { "6.22.14", true, "f1afbfbf" },
	{ "6.22.15", true, "f1bfbfbe" }, { "6.22.16", true, "f1bfbfbf" }, { "6.22.17", true, "f28fbfbe" },
	{ "6.22.18", true, "f28fbfbf" }, { "6.22.19", true, "f29fbfbe" }, { "6.22.20", true, "f29fbfbf" },
	{ "6.22.21", true, "f2afbfbe" }, { "6.22.22", true, "f2afbfbf" }, { "6.22.23", true, "f2bfbfbe" },
	{ "6.22.24", true, "f2bfbfbf" }, { "6.22.25", true, "f38fbfbe" }, { "6.22.26", true, "f38fbfbf" },
	{ "6.22.27", true, "f39fbfbe" }, { "6.22.28", true, "f39fbfbf" }, { "6.22.29", true, "f3afbfbe" },
	{ "6.22.30", true, "f3afbfbf" }, { "6.22.31", true, "f3bfbfbe" }, { "6.22.32", true, "f3bfbfbf" },
	{ "6.22.33", true, "f48fbfbe" }, { "6.22.34", true, "f48fbfbf" }, { "6.23.1", true, "efbfb9" },
	{ "6.23.2", true, "efbfba" }, { "6.23.3", true, "efbfbb" }, { "6.23.4", true, "efbfbc" },
	{ "6.23.5", true, "efbfbd" }, { "6.23.6", true, "efbfbe" }, { "6.23.7", true, "efbfbf" },
};

/* All that the suite has in groups 1 to 7, 9 and 10. */
static const struct { const char *group; int n; } groups[] = {
	{ "1.1", 8 }, { "1.2", 8 }, { "2", 11 }, { "3", 7 }, { "4.1", 5 }, { "4.2", 5 }, { "5", 20 }, { "6.1", 3 },
	{ "6.2", 4 }, { "6.3", 2 }, { "6.4", 4 }, { "6.5", 5 }, { "6.6", 11 }, { "6.7", 4 }, { "6.8", 2 }, { "6.9", 4 },
	{ "6.10", 3 }, { "6.11", 5 }, { "6.12", 8 }, { "6.13", 5 }, { "6.14", 10 }, { "6.15", 1 }, { "6.16", 3 },
	{ "6.17", 5 }, { "6.18", 5 }, { "6.19", 5 }, { "6.20", 7 }, { "6.21", 8 }, { "6.22", 34 }, { "6.23", 7 },
	{ "7.1", 6 }, { "7.3", 6 }, { "7.5", 1 }, { "7.7", 13 }, { "7.9", 9 }, { "7.13", 2 }, { "9.1", 6 }, { "9.2", 6 },
	{ "9.3", 9 }, { "9.4", 9 }, { "9.5", 6 }, { "9.6", 6 }, { "9.7", 6 }, { "9.8", 6 }, { "10.1", 1 },
};

static const struct autobahn *played;

static void answer_case(struct fake *f, const char *request)
{
	script_accept(request);
	fake_pace(f, played->chop > 0 ? (size_t)played->chop : 0);
	if (played->chop == FRAMES)
		for (const char *at = played->says; *at; at += at[strcspn(at, "|")] ? strcspn(at, "|") + 1 : strlen(at)) {
			DEFER(text_free) char *one = str_dup((struct str){ at, strcspn(at, "|") });

			script_frames(one);
			fake_wait(f, 0);
		}
	else
		script_frames(played->says);
	fake_talk(f, hear);
}

static void give_back(struct websocket *s, struct str text)
{
	DEFER(text_free) char *length = text_fmt("=%zu", text.len);

	if (text.len > 65536)
		ck_assert_uint_eq(strspn(text.at, "*"), text.len);
	websocket_send(s, text.len > 65536 ? str_of(length) : text);
}

static void run_case(const struct autobahn *c)
{
	played = c;
	buf_cut(&heard, 0);
	buf_cut(&sent, 0);
	fake_when_out(fake, answer_case);
	w.message = give_back;
	open_line();
	wait_until(&ended, 1);
	ck_assert_msg(w.end == c->end && w.code == (c->end == WRONG ? 0 : c->code), "%s: end %d, code %d: %s", c->id, w.end,
		      w.code, w.why);
	while (fake_connections_open(fake))
		loop_once(loop);
	sends(c->want);
}

static bool run_one(const char *id)
{
	bool ran = false;

	for (size_t i = 0; i < COUNT(cases); i++)
		if (strcmp(cases[i].id, id) == 0) {
			run_case(&cases[i]);
			ran = true;
		}
	for (size_t i = 0; i < COUNT(utf8_cases); i++)
		if (strcmp(utf8_cases[i].id, id) == 0) {
			DEFER(text_free) char *text = text_fmt("T#%s%s", utf8_cases[i].hex, utf8_cases[i].valid ? "|X1000" : "");

			run_case(&(struct autobahn){ id, WHOLE, text, utf8_cases[i].valid ? CLOSED : WRONG,
						     utf8_cases[i].valid ? 1000 : 1007,
						     utf8_cases[i].valid ? text : "X1007" });
			ran = true;
		}
	return ran;
}

START_TEST(a_case_of_the_autobahn_suite_ends_as_it_should)
{
	for (int i = 1; i <= groups[_i].n; i++) {
		DEFER(text_free) char *id = text_fmt("%s.%d", groups[_i].group, i);

		ck_assert_msg(run_one(id), "%s was not run", id);
	}
}
END_TEST

/* ---- frames beyond the suite --------------------------------------------- */

static const struct { const char *name; struct str bytes; const char *want; } wrongs[] = {
	{ "a mask", STR("\x81\x85" "abcd" "\x09\x07\x0f\x08\x0e"), "X1002" },
	{ "an empty frame with a mask", STR("\x81\x80" "abcd"), "X1002" },
	{ "a small length in two bytes", STR("\x81\x7e\x00\x05" "hello"), "X1002" },
	{ "a small length in eight bytes", STR("\x81\x7f\0\0\0\0\0\0\0\x05" "hello"), "X1002" },
	{ "a negative length", STR("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), "X1002" },
	{ "a length that nobody has", STR("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff*"), "X1009" },
	{ "a byte more than the most", STR("\x81\x7f\0\0\0\0\0\x40\0\x01*"), "X1009" },
	{ "a byte more than the most, in pieces", STR("\x01\x01*\x80\x7f\0\0\0\0\0\x40\0\0*"), "X1009" },
	{ "pieces whose sum overflows", STR("\x01\x01*\x80\x7f\x7f\xff\xff\xff\xff\xff\xff\xff*"), "X1009" },
	{ "a ping of more than a byte can say", STR("\x89\x7e\x01\x00"), "X1002" },
	{ "bytes that are no frames", STR("HTTP/1.1 400 Bad\r\n\r\n"), "X1002" },
};

static void answer_wrong(struct fake *f, const char *request)
{
	script_accept(request);
	fake_send(f, *(const struct str *)says);
	fake_talk(f, hear);
}

START_TEST(a_frame_that_breaks_the_rules_closes_the_line)
{
	says = (const char *)&wrongs[_i].bytes;
	fake_when_out(fake, answer_wrong);
	open_line();
	wait_until(&ended, 1);
	ck_assert_msg(w.end == WEBSOCKET_WRONG, "%s: %d %s", wrongs[_i].name, w.end, w.why);
	ck_assert_uint_eq(texts.len, 0);
	while (fake_connections_open(fake))
		loop_once(loop);
	sends(wrongs[_i].want);
}
END_TEST

static const struct { const char *says; int code; const char *why; } closes[] = {
	{ "X1012", 1012, "closed the line with 1012" },
	{ "X1013:later", 1013, "closed the line with 1013: later" },
	{ "X1014", 1014, "closed the line with 1014" },
	{ "X4004:Authentication failed.", 4004, "closed the line with 4004: Authentication failed." },
	{ "X4000:caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\xA6\x80", 4000, "closed the line with 4000: caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\xA6\x80" },
	{ "X4000:two\nlines\x1B[31m", 4000, "closed the line with 4000: two lines [31m" },
	{ "X", 0, "closed the line" },
};

START_TEST(a_close_tells_its_code_and_reason_in_however_many_pieces_it_comes)
{
	says = closes[_i].says;
	for (pace = 1; pace < 6; pace++) {
		open_line();
		wait_until(&ended, 1);
		ck_assert_int_eq(w.end, WEBSOCKET_CLOSED);
		ck_assert_int_eq(w.code, closes[_i].code);
		ck_assert_str_eq(w.why, closes[_i].why);
	}
}
END_TEST

START_TEST(a_flood_of_pings_does_not_heap_up_answers)
{
	says = "300000*P=100";
	open_line();
	wait_until(&opened, 1);
	while (!ended) {
		ck_assert_uint_lt(websocket_waiting(&w), SOCKET_OUT_MAX + 200);
		loop_once(loop);
	}
	ck_assert_int_eq(w.end, WEBSOCKET_LOST);
	ck_assert_has(w.why, "takes nothing more");
}
END_TEST

/* ---- the upgrade --------------------------------------------------------- */

START_TEST(the_request_is_an_upgrade_and_nothing_of_this_machine)
{
	DEFER(text_free) char *want = text_fmt("GET /link?ticket=1 HTTP/1.1\r\nHost: %s\r\nUser-Agent: chela\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ",
		fake_origin(fake) + strlen("http://"));
	const char *key;
	char first[UPGRADE_KEY];

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	says = "X1000";
	for (int i = 0; i < 2; i++) {
		open_line();
		wait_until(&ended, 1);
		ck_assert_int_eq(w.end, WEBSOCKET_CLOSED);
		key = fake_request(fake, (size_t)i) + strlen(want);
		ck_assert_int_eq(strncmp(fake_request(fake, (size_t)i), want, strlen(want)), 0);
		ck_assert_str_eq(key + 24, "\r\n\r\n");
		ck_assert(i == 0 || strncmp(key, first, 24) != 0);
		memcpy(first, key, 24);
	}
}
END_TEST

static const struct { const char *url, *request; } urls[] = {
	{ "wss://a.example", "GET / HTTP/1.1\r\nHost: a.example\r\n" },
	{ "wss://a.example/", "GET / HTTP/1.1\r\nHost: a.example\r\n" },
	{ "wss://a.example?v=1&x=%20", "GET /?v=1&x=%20 HTTP/1.1\r\nHost: a.example\r\n" },
	{ "wss://a.example:8443/b/../c", "GET /b/../c HTTP/1.1\r\nHost: a.example:8443\r\n" },
	{ "ws://[::1]:80/x", "GET /x HTTP/1.1\r\nHost: [::1]:80\r\n" },
	{ "https://a.example/", NULL },
	{ "wss:/a.example/", NULL },
	{ "wss://", NULL },
	{ "wss://user@a.example/", NULL },
	{ "wss://a.example/a b", NULL },
	{ "wss://a.example/a\r\nX-Evil: 1", NULL },
	{ "wss://a.example/a#b", NULL },
	{ "wss://a.example/\xC3\xA9", NULL },
	{ "wss://a.example:0/", NULL },
	{ "w", NULL },
	{ "", NULL },
};

START_TEST(a_url_makes_its_request_or_is_refused)
{
	DEFER(buf_free) struct buf b = buf_new(1000);
	const char *why = upgrade_request(&b, urls[_i].url, "k");

	ck_assert_msg(!why == !!urls[_i].request, "%s: %s", urls[_i].url, why);
	ck_assert_msg(why ? b.len == 0 : strncmp(buf_text(&b), urls[_i].request, strlen(urls[_i].request)) == 0, "%s: %s",
		      urls[_i].url, buf_text(&b));
}
END_TEST

START_TEST(a_line_whose_url_is_none_ends_from_the_loop)
{
	snprintf(url, sizeof url, "wss://a b/");
	open_line();
	wait_until(&ended, 1);
	ck_assert_int_eq(w.end, WEBSOCKET_UNREACHED);
	ck_assert_has(w.why, "the URL");
}
END_TEST

/* The example of RFC 6455, section 1.3. */
#define RFC_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define RFC_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define HEAD "HTTP/1.1 101 Switching Protocols\r\n"
#define UP "Upgrade: websocket\r\n"
#define CON "Connection: Upgrade\r\n"
#define ACC "Sec-WebSocket-Accept: " RFC_ACCEPT "\r\n"

static const struct { const char *name; struct str answer; enum upgrade want; int status; const char *why; } answers[] = {
	{ "as it should be", STR(HEAD UP CON ACC "\r\n"), UPGRADE_DONE, 0, "" },
	{ "in another order and case", STR(HEAD "sec-websocket-accept:" RFC_ACCEPT " \r\nCONNECTION: keep-alive ,UPGRADE\r\n"
	  "uPGRADE:\tWebSocket\r\n\r\n"), UPGRADE_DONE, 0, "" },
	{ "with others beside", STR(HEAD "Date: x\r\nX:\r\n" UP CON ACC "\r\n"), UPGRADE_DONE, 0, "" },
	{ "without a reason", STR("HTTP/1.1 101\r\n" UP CON ACC "\r\n"), UPGRADE_DONE, 0, "" },
	{ "an empty extension", STR(HEAD UP CON ACC "Sec-WebSocket-Extensions:\r\n\r\n"), UPGRADE_DONE, 0, "" },
	{ "404", STR("HTTP/1.1 404 Not Found\r\ncontent-length: 3\r\n\r\nno!"), UPGRADE_REFUSED, 404, "with 404" },
	{ "200", STR("HTTP/1.1 200 OK\r\n" UP CON ACC "\r\n"), UPGRADE_REFUSED, 200, "with 200" },
	{ "a redirect", STR("HTTP/1.1 302 Found\r\nlocation: wss://b.example/\r\n\r\n"), UPGRADE_REFUSED, 302, "with 302" },
	{ "no accept", STR(HEAD UP CON "\r\n"), UPGRADE_REFUSED, 101, "somebody else" },
	{ "another's accept", STR(HEAD UP CON "Sec-WebSocket-Accept: T3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"), UPGRADE_REFUSED, 101,
	  "somebody else" },
	{ "an accept in another case", STR(HEAD UP CON "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n\r\n"), UPGRADE_REFUSED,
	  101, "somebody else" },
	{ "a longer accept", STR(HEAD UP CON "Sec-WebSocket-Accept: " RFC_ACCEPT "=\r\n\r\n"), UPGRADE_REFUSED, 101, "somebody else" },
	{ "two accepts", STR(HEAD UP CON ACC ACC "\r\n"), UPGRADE_REFUSED, 101, "somebody else" },
	{ "no upgrade", STR(HEAD CON ACC "\r\n"), UPGRADE_REFUSED, 101, "not for a WebSocket" },
	{ "another upgrade", STR(HEAD "Upgrade: h2c\r\n" CON ACC "\r\n"), UPGRADE_REFUSED, 101, "not for a WebSocket" },
	{ "two upgrades", STR(HEAD UP "Upgrade: h2c\r\n" CON ACC "\r\n"), UPGRADE_REFUSED, 101, "not for a WebSocket" },
	{ "no connection", STR(HEAD UP ACC "\r\n"), UPGRADE_REFUSED, 101, "not for a WebSocket" },
	{ "another connection", STR(HEAD UP "Connection: close, xupgrade\r\n" ACC "\r\n"), UPGRADE_REFUSED, 101, "not for a WebSocket" },
	{ "an extension", STR(HEAD UP CON ACC "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"), UPGRADE_REFUSED, 101, "nobody asked" },
	{ "a protocol", STR(HEAD UP CON ACC "Sec-WebSocket-Protocol: chat\r\n\r\n"), UPGRADE_REFUSED, 101, "nobody asked" },
	{ "a folded header", STR(HEAD UP CON "X: a\r\n b: c\r\n" ACC "\r\n"), UPGRADE_REFUSED, 101, "header that is none" },
	{ "a header without a colon", STR(HEAD UP CON "hello\r\n" ACC "\r\n"), UPGRADE_REFUSED, 101, "header that is none" },
	{ "a blank before the colon", STR(HEAD UP CON ACC "X : y\r\n\r\n"), UPGRADE_REFUSED, 101, "header that is none" },
	{ "NUL in a header", STR(HEAD UP CON ACC "X: \0\r\n\r\n"), UPGRADE_REFUSED, 101, "header that is none" },
	{ "HTTP/1.0", STR("HTTP/1.0 101 Switching\r\n" UP CON ACC "\r\n"), UPGRADE_REFUSED, 0, "HTTP/1.1" },
	{ "HTTP/2", STR("HTTP/2 101\r\n" UP CON ACC "\r\n"), UPGRADE_REFUSED, 0, "HTTP/1.1" },
	{ "four digits", STR("HTTP/1.1 1010 Odd\r\n" UP CON ACC "\r\n"), UPGRADE_REFUSED, 0, "HTTP/1.1" },
	{ "a status that is none", STR("HTTP/1.1 1x1 Odd\r\n" UP CON ACC "\r\n"), UPGRADE_REFUSED, 0, "HTTP/1.1" },
	{ "no HTTP", STR("SSH-2.0-OpenSSH\r\n\r\n"), UPGRADE_REFUSED, 0, "HTTP/1.1" },
	{ "nothing but an end", STR("\r\n\r\n"), UPGRADE_REFUSED, 0, "HTTP/1.1" },
	{ "no end", STR(HEAD UP CON ACC), UPGRADE_MORE, 0, "" },
	{ "line feeds alone", STR("HTTP/1.1 101 X\nUpgrade: websocket\n\n"), UPGRADE_MORE, 0, "" },
	{ "nothing", STR(""), UPGRADE_MORE, 0, "" },
};

START_TEST(an_answer_to_the_upgrade_is_judged_when_it_is_whole)
{
	struct str answer_of = answers[_i].answer;
	const char *end = memmem(answer_of.at, answer_of.len, "\r\n\r\n", 4);
	size_t head = end ? (size_t)(end - answer_of.at) + 4 : answer_of.len + 1;
	struct upgrade_answer a = { 0 };

	for (size_t n = 0; n < head && n <= answer_of.len; n++)
		ck_assert_msg(upgrade_judge((struct str){ answer_of.at, n }, RFC_KEY, &a) == UPGRADE_MORE, "%s at %zu",
			      answers[_i].name, n);
	ck_assert_msg(upgrade_judge(answer_of, RFC_KEY, &a) == answers[_i].want, "%s: %s", answers[_i].name, a.why ? a.why : "");
	if (answers[_i].want == UPGRADE_DONE)
		ck_assert_uint_eq(a.head, head);
	if (answers[_i].want == UPGRADE_REFUSED) {
		ck_assert_int_eq(a.status, answers[_i].status);
		ck_assert_has(a.why, answers[_i].why);
	}
}
END_TEST

START_TEST(an_answer_that_is_damaged_anywhere_is_no_upgrade)
{
	const struct str good = STR(HEAD UP CON ACC "\r\n");
	struct upgrade_answer a = { 0 };
	int done = 0;

	for (size_t i = 0; i < good.len; i++)
		for (int flip = 1; flip < 256; flip <<= 1) {
			DEFER(text_free) char *bad = str_dup(good);

			bad[i] ^= (char)flip;
			if (upgrade_judge((struct str){ bad, good.len }, RFC_KEY, &a) != UPGRADE_DONE)
				continue;
			done++;			/* another case of a name, or the reason */
			ck_assert_msg(flip == 0x20 || (i > 12 && i < strlen(HEAD) - 2), "%zu %02x", i, flip);
		}
	ck_assert_int_gt(done, 0);
}
END_TEST

static void answer_huge(struct fake *f, const char *request)
{
	DEFER(buf_free) struct buf b = buf_new(UPGRADE_MAX * 3);

	(void)request;
	buf_adds(&b, HEAD UP CON "X: ");
	while (b.len < 2 * UPGRADE_MAX)
		buf_adds(&b, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	fake_script(f);
	fake_pace(f, 1000);
	fake_send(f, buf_str(&b));
	fake_stall(f);
}

static void answer_404(struct fake *f, const char *request)
{
	(void)request;
	fake_script(f);
	fake_answer(f, 404, "", "no such link");
	fake_stall(f);
}

static void answer_half(struct fake *f, const char *request)
{
	(void)request;
	fake_script(f);
	fake_sendf(f, "HTTP/1.1 101 Sw");
	fake_close(f);
}

static void answer_reset(struct fake *f, const char *request)
{
	(void)request;
	fake_script(f);
	fake_reset(f);
}

static const struct {
	const char *name;
	void (*answer)(struct fake *f, const char *request);
	enum websocket_end end;
	int status;
	const char *why;
} refusals[] = {
	{ "404", answer_404, WEBSOCKET_REFUSED, 404, "answered the upgrade with 404" },
	{ "too many headers", answer_huge, WEBSOCKET_REFUSED, 101, "more than 16384 bytes" },
	{ "half an answer", answer_half, WEBSOCKET_LOST, 0, "broke off" },
	{ "a reset", answer_reset, WEBSOCKET_LOST, 0, "broke off" },
};

START_TEST(an_upgrade_that_fails_ends_the_line)
{
	fake_when_out(fake, refusals[_i].answer);
	open_line();
	wait_until(&ended, 1);
	ck_assert_int_eq(opened, 0);
	ck_assert_msg(w.end == refusals[_i].end, "%s: %d %s", refusals[_i].name, w.end, w.why);
	ck_assert_int_eq(w.status, refusals[_i].status);
	ck_assert_has(w.why, refusals[_i].why);
	ck_assert_msg(!strstr(w.why, "ticket"), "%s", w.why);
}
END_TEST

static void answer_at_once(struct fake *f, const char *request)
{
	DEFER(text_free) char *accept = frames_accept(request);
	DEFER(buf_free) struct buf b = buf_new(1000000);

	buf_adds(&b, accept);
	frames_write(&b, says);
	fake_script(f);
	fake_pace(f, pace);
	fake_send(f, buf_str(&b));
	fake_talk(f, hear);
}

START_TEST(frames_may_come_with_the_answer_or_all_of_it_byte_by_byte)
{
	static const size_t paces[] = { 0, 1, 2, 3, 7 };

	fake_when_out(fake, answer_at_once);
	says = "T:one|P:x|t:tw|C:o|T=2000|X1000";
	for (size_t i = 0; i < COUNT(paces); i++) {
		pace = paces[i];
		buf_cut(&texts, 0);
		buf_cut(&sent, 0);
		open_line();
		wait_until(&ended, 1);
		ck_assert_int_eq(w.end, WEBSOCKET_CLOSED);
		ck_assert_int_eq(strncmp(buf_text(&texts), "[one][two][***", 14), 0);
		ck_assert_uint_eq(texts.len, 5 + 5 + 2002);
		while (fake_connections_open(fake))
			loop_once(loop);
		sends("O:x|X1000");
	}
}
END_TEST

/* ---- where to ------------------------------------------------------------ */

/* TLS hands out at most what one of its records holds, though more lies there: who stops at the
 * first short read waits for what has come already. */
static ssize_t one_byte(struct framing *f, void *room, size_t n)
{
	(void)f;
	if (n == 0 || sent.len == 0)
		return -1;
	memcpy(room, sent.at, 1);
	buf_drop(&sent, 1);
	return 1;
}

START_TEST(a_short_read_is_not_the_last_one)
{
	struct framing f = { .receive = one_byte };

	framing_begin(&f);
	frames_write(&sent, "t=200|C=200");
	ck_assert_int_eq(framing_next(&f), HEARD_TEXT);
	ck_assert_uint_eq(f.bytes.len, 400);
	ck_assert_int_eq(framing_next(&f), HEARD_NOTHING);
	framing_end(&f);
}
END_TEST

START_TEST(an_address_that_is_barred_is_not_connected_to)
{
	may = false;
	open_line();
	wait_until(&ended, 1);
	ck_assert_int_eq(w.end, WEBSOCKET_BARRED);
	ck_assert_str_eq(w.barred, "127.0.0.1");
	ck_assert_uint_eq(fake_connections(fake), 0);
}
END_TEST

START_TEST(where_nobody_listens_it_is_not_reached)
{
	fake_free(fake);
	fake = fake_new(loop);
	open_line();
	wait_until(&ended, 1);
	ck_assert_int_eq(w.end, WEBSOCKET_UNREACHED);
	ck_assert_has(w.why, "cannot be reached");
}
END_TEST

START_TEST(a_line_that_is_led_elsewhere_keeps_its_host)
{
	snprintf(url, sizeof url, "ws://chat.example/x");
	w.leads_to = fake_origin(fake) + strlen("http://");
	says = "X1000";
	open_line();
	wait_until(&ended, 1);
	ck_assert_int_eq(w.end, WEBSOCKET_CLOSED);
	ck_assert_has(fake_request(fake, 0), "\r\nHost: chat.example\r\n");
}
END_TEST

/* ---- time ---------------------------------------------------------------- */

static void answer_deaf(struct fake *f, const char *request)
{
	script_accept(request);
	script_frames(says);
	fake_talk(f, hear_and_stay);
}

START_TEST(a_line_that_is_silent_is_pinged_and_then_lost)
{
	fake_when_out(fake, answer_deaf);
	w.ping_ms = 20;
	w.pong_ms = 30;
	open_line();
	wait_until(&ended, 1);
	ck_assert_int_eq(w.end, WEBSOCKET_LOST);
	ck_assert_has(w.why, "silent");
	sends("P");
}
END_TEST

static int pings;

static void hear_and_pong(struct fake *f, struct str bytes)
{
	take_frames(bytes);
	if (sent.len == 0)
		return;
	ck_assert_uint_eq(sent.len, 2);
	buf_cut(&sent, 0);
	pings++;
	fake_say(f, STR("\x8A\0"));
}

static void answer_pong(struct fake *f, const char *request)
{
	script_accept(request);
	fake_talk(f, hear_and_pong);
}

START_TEST(a_line_that_answers_pings_stays)
{
	fake_when_out(fake, answer_pong);
	w.ping_ms = 10;
	w.pong_ms = 1000;
	open_line();
	wait_until(&pings, 4);
	ck_assert_int_eq(ended, 0);
	ck_assert(websocket_is_open(&w));
}
END_TEST

static void answer_slowly(struct fake *f, const char *request)
{
	script_accept(request);
	for (int i = 0; i < 9; i++) {
		fake_wait(f, 15);
		script_frames("T:x");
	}
	fake_talk(f, hear_and_stay);
}

START_TEST(a_line_that_says_something_is_not_pinged)
{
	fake_when_out(fake, answer_slowly);
	w.ping_ms = 120;
	w.pong_ms = 1000;
	open_line();
	while (texts.len < strlen("[x]") * 9)
		loop_once(loop);
	ck_assert_uint_eq(sent.len + fake_bytes(fake), strlen(fake_request(fake, 0)));
}
END_TEST

static const struct { const char *name, *says; enum websocket_end end; const char *why; } firsts[] = {
	{ "nothing", "", WEBSOCKET_LOST, "sent no first message within 0.04 s" },
	{ "pings alone", "P|P", WEBSOCKET_LOST, "sent no first message" },
	{ "half a message", "t:hello", WEBSOCKET_LOST, "sent no first message" },
	{ "a message", "T:hello|P", WEBSOCKET_CLOSED, "was closed by us" },
};

START_TEST(the_first_message_may_take_so_long)
{
	fake_when_out(fake, answer_deaf);
	says = firsts[_i].says;
	w.first_ms = 40;
	open_line();
	wait_until(&opened, 1);
	run_for(90);
	ck_assert_msg(ended == (firsts[_i].end == WEBSOCKET_LOST), "%s", firsts[_i].name);
	if (!ended)
		websocket_close(&w, 1000);
	ck_assert_msg(w.end == firsts[_i].end, "%s: %d", firsts[_i].name, w.end);
	ck_assert_has(w.why, firsts[_i].why);
}
END_TEST

/* ---- ends ---------------------------------------------------------------- */

static void answer_and_go(struct fake *f, const char *request)
{
	script_accept(request);
	script_frames("T:last|t:half");
	if (says[0] == 'r')
		fake_reset(f);
	else
		fake_close(f);
}

START_TEST(a_line_that_breaks_is_lost_after_what_it_said)
{
	says = _i ? "reset" : "close";
	fake_when_out(fake, answer_and_go);
	open_line();
	wait_until(&ended, 1);
	ck_assert_int_eq(w.end, WEBSOCKET_LOST);
	ck_assert_int_eq(w.code, 0);
	if (!_i)
		ck_assert_str_eq(buf_text(&texts), "[last]");
}
END_TEST

static void close_at_once(struct websocket *s)
{
	opened++;
	websocket_send(s, STR("last words"));
	websocket_close(s, 4001);
	websocket_send(s, STR("too late"));
	ck_assert(!websocket_is_open(s));
}

static void hear_and_say_more(struct fake *f, struct str bytes)
{
	take_frames(bytes);
	if (!last_is_close())
		return;
	fake_say(f, STR("\x81\x04more\x88\x02\x0f\xA1"));
}

static void answer_more(struct fake *f, const char *request)
{
	script_accept(request);
	fake_talk(f, hear_and_say_more);
}

START_TEST(what_we_close_has_heard_our_last_words_and_tells_nothing_more)
{
	fake_when_out(fake, answer_more);
	open_line();
	w.opened = close_at_once;
	wait_until(&ended, 1);
	ck_assert_int_eq(w.end, WEBSOCKET_CLOSED);
	ck_assert_int_eq(w.code, 4001);
	ck_assert_uint_eq(texts.len, 0);
	sends("T:last words|X4001");
}
END_TEST

START_TEST(what_we_close_is_gone_though_the_server_never_answers)
{
	fake_when_out(fake, answer_deaf);
	says = "T:hello";
	open_line();
	w.opened = close_at_once;
	wait_until(&ended, 1);
	ck_assert_int_eq(w.end, WEBSOCKET_CLOSED);
	ck_assert_int_eq(w.code, 0);
	ck_assert_uint_eq(texts.len, 0);
}
END_TEST

START_TEST(what_is_closed_before_it_is_open_ends_too)
{
	open_line();
	websocket_close(&w, 1000);
	ck_assert_int_eq(ended, 0);
	wait_until(&ended, 1);
	ck_assert_int_eq(w.end, WEBSOCKET_CLOSED);
	ck_assert_int_eq(opened, 0);
}
END_TEST

START_TEST(a_peer_that_takes_nothing_is_dropped_and_nothing_heaps_up)
{
	DEFER(text_free) char *stars = text_fmt("%0*d", 64000, 0);

	fake_when_out(fake, answer_deaf);
	open_line();
	wait_until(&opened, 1);
	for (int i = 0; i < 400; i++) {			/* the loop does not turn: nobody reads */
		websocket_send(&w, str_of(stars));
		ck_assert_uint_le(websocket_waiting(&w), SOCKET_OUT_MAX + 100);
	}
	ck_assert_int_eq(ended, 0);
	wait_until(&ended, 1);
	ck_assert_int_eq(w.end, WEBSOCKET_LOST);
	ck_assert_has(w.why, "takes nothing more");
}
END_TEST

START_TEST(a_large_message_leaves_in_one_frame)
{
	DEFER(text_free) char *stars = text_fmt("%0*d", 200000, 0);

	memset(stars, '*', 200000);
	fake_when_out(fake, answer_deaf);
	open_line();
	wait_until(&opened, 1);
	websocket_send(&w, str_of(stars));
	websocket_send(&w, STR("after"));
	while (sent.len < 200000 + 10 + 7)
		loop_once(loop);
	sends("T=200000|T:after");
	ck_assert_uint_eq(websocket_waiting(&w), 0);
}
END_TEST

/* ---- owners that let go -------------------------------------------------- */

/* As one that is embedded in something: freed with it. */
struct holder { struct websocket socket; };
static struct holder *holder;
static int let_go;

static void free_holder(struct websocket *s)
{
	websocket_drop(s);
	free(container_of(s, struct holder, socket));
	holder = NULL;
	let_go++;
}

static void free_in_message(struct websocket *s, struct str text)
{
	DEFER(text_free) char *before = str_dup(text);

	free_holder(s);
	ck_assert(str_is(text, before));		/* it is borrowed for all of the call */
}

static void send_close_and_free(struct websocket *s)
{
	websocket_send(s, STR("x"));
	websocket_close(s, 1000);
	free_holder(s);
}

static void nothing_more(struct websocket *s, struct str text)
{
	(void)s;
	ck_abort_msg("told of %.*s", (int)text.len, text.at);
}

static void no_end(struct websocket *s)
{
	(void)s;
	ck_abort_msg("told of the end");
}

enum moment { IN_OPENED, IN_OPENED_CLOSED, IN_MESSAGE, IN_ENDED, BEFORE, CONNECTED };

START_TEST(an_owner_may_drop_it_at_any_moment)
{
	says = "T:one|T:two|P|X1000";
	fake_when_out(fake, answer_at_once);
	holder = calloc(1, sizeof *holder);
	holder->socket = (struct websocket){ .url = url, .may_connect = may_connect,
		.opened = _i == IN_OPENED ? free_holder : _i == IN_OPENED_CLOSED ? send_close_and_free : was_opened,
		.message = _i == IN_MESSAGE ? free_in_message : _i == IN_ENDED ? was_told : nothing_more,
		.ended = _i == IN_ENDED ? free_holder : no_end };
	websocket_open(loop, &holder->socket);
	if (_i == BEFORE)
		free_holder(&holder->socket);
	while (_i == CONNECTED && fake_connections(fake) == 0)
		loop_once(loop);
	if (_i == CONNECTED)
		free_holder(&holder->socket);
	wait_until(&let_go, 1);
	run_for(20);
	ck_assert_int_eq(let_go, 1);
}
END_TEST

static void open_again(struct websocket *s)
{
	if (++ended < 3)
		websocket_open(loop, s);
}

START_TEST(it_may_be_opened_again_when_it_has_ended)
{
	says = "T:hello|X1000";
	open_line();
	w.ended = open_again;
	wait_until(&ended, 3);
	ck_assert_str_eq(buf_text(&texts), "[hello][hello][hello]");
	ck_assert_int_eq(opened, 3);
}
END_TEST

START_TEST(an_idle_one_can_be_dropped_and_closed)
{
	websocket_drop(&w);
	websocket_close(&w, 1000);
	websocket_send(&w, STR("x"));
	ck_assert(!websocket_is_open(&w));
	ck_assert_uint_eq(websocket_waiting(&w), 0);
}
END_TEST

/* ---- TLS ----------------------------------------------------------------- */

static const char *trusted;		/* the one certificate that this process trusts, or NULL */

/* Instead of libcurl's own. */
CURL *curl_easy_init(void)
{
	CURL *(*own)(void) = (CURL *(*)(void))dlsym(RTLD_NEXT, "curl_easy_init");
	CURL *curl = own();

	if (trusted)
		curl_easy_setopt(curl, CURLOPT_CAINFO, trusted);
	return curl;
}

static int go[2];			/* a byte: now it reads on */

enum habit { PLAIN_TLS, PICKS_H2, INSISTS_ON_H2, READS_LATE };

/* Speaks h2 with those who speak ALPN, though they do not name it. */
static int pick_h2(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len, void *arg)
{
	(void)ssl;
	(void)in;
	(void)in_len;
	(void)arg;
	*out = (const unsigned char *)"h2";
	*out_len = 2;
	return SSL_TLSEXT_ERR_OK;
}

static int insist_on_alpn(SSL *ssl, int *alert, void *arg)
{
	const unsigned char *list;
	size_t n;

	(void)arg;
	*alert = SSL_AD_NO_APPLICATION_PROTOCOL;
	return SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &list, &n) ?
	       SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_ERROR;
}

/* One connection: it accepts, says all at once in one record, and in the end passes on what
 * it heard. */
static void serve(int fd, SSL_CTX *ctx, enum habit habit, int heard_by)
{
	struct buf in = buf_new(1000000), out = buf_new(100000);
	SSL *ssl = SSL_new(ctx);
	char room[16384], *accept = NULL;
	int n;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) != 1)
		return;
	while (!strstr(buf_text(&in), "\r\n\r\n") && (n = SSL_read(ssl, room, sizeof room)) > 0)
		buf_add(&in, room, (size_t)n);
	if (in.len == 0)
		return;
	accept = frames_accept(buf_text(&in));
	buf_adds(&out, accept);
	frames_write(&out, says);
	SSL_write(ssl, out.at, (int)out.len);
	if (habit == READS_LATE && read(go[0], room, 1) != 1)
		return;
	buf_cut(&in, 0);
	while (!last_is_close() && (n = SSL_read(ssl, room, sizeof room)) > 0) {
		buf_add(&in, room, (size_t)n);
		buf_add(&heard, room, (size_t)n);
		if (frames_hear(&heard, &sent))
			return;
		if (habit == READS_LATE && in.len >= 260000 && in.len < 260000 + (size_t)n)
			SSL_write(ssl, "\x88\x02\x03\xE8", 4);
	}
	for (size_t at = 0; at < in.len; at += (size_t)n)
		if ((n = (int)write(heard_by, in.at + at, in.len - at)) <= 0)
			return;
}

/* In a process of its own; its pid, and the end of what it hears. */
static pid_t tls_server(enum habit habit, int *ret_heard)
{
	DEFER(text_free) char *cert = text_dup(in_folder("cert.pem")), *key = text_dup(in_folder("key.pem"));
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), pipes[2], small = 4096;
	SSL_CTX *ctx;
	pid_t pid;

	if (habit == READS_LATE)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	ck_assert(bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 5) == 0 && pipe(pipes) == 0 &&
		  pipe(go) == 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	snprintf(url, sizeof url, "wss://localhost:%d/", ntohs(a.sin_port));
	pid = fork();
	if (pid == 0) {
		ctx = SSL_CTX_new(TLS_server_method());
		if (SSL_CTX_use_certificate_file(ctx, cert, SSL_FILETYPE_PEM) != 1 ||
		    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
			_exit(1);
		if (habit != PLAIN_TLS)
			SSL_CTX_set_alpn_select_cb(ctx, pick_h2, NULL);
		if (habit == INSISTS_ON_H2)
			SSL_CTX_set_client_hello_cb(ctx, insist_on_alpn, NULL);
		serve(accept(fd, NULL, NULL), ctx, habit, pipes[1]);
		_exit(0);
	}
	close(fd);
	close(pipes[1]);
	*ret_heard = pipes[0];
	return pid;
}

static void make_certificate(void)
{
	pid_t pid;
	int status = 1;

	folder_make();
	pid = fork();
	if (pid == 0) {
		ck_assert_int_eq(chdir(folder), 0);
		dup2(open("/dev/null", O_WRONLY), 2);
		execlp("openssl", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
		       "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem", NULL);
		_exit(127);
	}
	ck_assert(waitpid(pid, &status, 0) == pid && status == 0);
}

static void hear_all(int fd)
{
	char room[65536];
	ssize_t n;

	while ((n = read(fd, room, sizeof room)) > 0)
		take_frames((struct str){ room, (size_t)n });
	close(fd);
}

/* So that the kernel does not take all of it at once. */
static void take_little(void)
{
	unsigned port = (unsigned)strtoul(strrchr(url, ':') + 1, NULL, 10);
	int small = 4096, found = 0;

	for (int fd = 3; fd < 100; fd++) {
		struct sockaddr_in a = { 0 };
		socklen_t len = sizeof a;

		if (getpeername(fd, (struct sockaddr *)&a, &len) == 0 && a.sin_family == AF_INET && ntohs(a.sin_port) == port)
			found += setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0;
	}
	ck_assert_int_eq(found, 1);
}

static void was_sent(struct timer *t)
{
	(void)t;
	ck_assert_uint_gt(websocket_waiting(&w), 0);		/* it waits, and does not ask for others */
	websocket_send(&w, STR("after"));
	ck_assert_int_eq(write(go[1], "", 1), 1);
}

static struct timer later = { .fired = was_sent };

static void send_much(struct websocket *s)
{
	DEFER(text_free) char *stars = text_fmt("%0*d", 260000, 0);

	memset(stars, '*', 260000);
	take_little();
	websocket_send(s, str_of(stars));
	timer_set(loop, &later, 10);
	opened++;
}

static const struct { const char *name; enum habit habit; bool trusts; enum websocket_end end; } tls[] = {
	{ "all in one record", PLAIN_TLS, true, WEBSOCKET_CLOSED },
	{ "h2 is offered", PICKS_H2, true, WEBSOCKET_CLOSED },
	{ "nothing but h2 is spoken", INSISTS_ON_H2, true, WEBSOCKET_UNREACHED },
	{ "it reads late", READS_LATE, true, WEBSOCKET_CLOSED },
	{ "nobody vouches for it", PLAIN_TLS, false, WEBSOCKET_UNTRUSTED },
	{ "nobody vouches for it, and h2 is offered", PICKS_H2, false, WEBSOCKET_UNTRUSTED },
};

START_TEST(over_tls_all_is_read_and_h2_is_never_spoken)
{
	DEFER(text_free) char *cert = NULL;
	int fd = -1;
	pid_t pid;

	make_certificate();
	cert = text_dup(in_folder("cert.pem"));
	trusted = tls[_i].trusts ? cert : NULL;
	says = tls[_i].habit == READS_LATE ? "T:one|T:two|T:three|T=9000" : "T:one|T:two|P:x|t:th|C:ree|T=9000|X1000";
	pid = tls_server(tls[_i].habit, &fd);
	open_line();
	if (tls[_i].habit == READS_LATE)
		w.opened = send_much;
	wait_until(&ended, 1);
	if (tls[_i].end != WEBSOCKET_CLOSED)
		kill(pid, SIGKILL);
	timer_stop(&later);
	close(go[0]);
	close(go[1]);
	hear_all(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert_msg(w.end == tls[_i].end, "%s: %d %s", tls[_i].name, w.end, w.why);
	if (tls[_i].end != WEBSOCKET_CLOSED)
		return;
	ck_assert_int_eq(strncmp(buf_text(&texts), "[one][two][three][***", 21), 0);
	ck_assert_uint_eq(texts.len, 5 + 5 + 7 + 9002);
	sends(tls[_i].habit == READS_LATE ? "T=260000|T:after|X1000" : "O:x|X1000");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("websocket");
	TCase *t = tcase_create("websocket");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_unchecked_fixture(t, folders_begin, folders_end);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, a_case_of_the_autobahn_suite_ends_as_it_should, 0, COUNT(groups));
	tcase_add_loop_test(t, a_frame_that_breaks_the_rules_closes_the_line, 0, COUNT(wrongs));
	tcase_add_loop_test(t, a_close_tells_its_code_and_reason_in_however_many_pieces_it_comes, 0, COUNT(closes));
	tcase_add_test(t, a_flood_of_pings_does_not_heap_up_answers);
	tcase_add_test(t, the_request_is_an_upgrade_and_nothing_of_this_machine);
	tcase_add_loop_test(t, a_url_makes_its_request_or_is_refused, 0, COUNT(urls));
	tcase_add_test(t, a_line_whose_url_is_none_ends_from_the_loop);
	tcase_add_loop_test(t, an_answer_to_the_upgrade_is_judged_when_it_is_whole, 0, COUNT(answers));
	tcase_add_test(t, an_answer_that_is_damaged_anywhere_is_no_upgrade);
	tcase_add_loop_test(t, an_upgrade_that_fails_ends_the_line, 0, COUNT(refusals));
	tcase_add_test(t, frames_may_come_with_the_answer_or_all_of_it_byte_by_byte);
	tcase_add_test(t, a_short_read_is_not_the_last_one);
	tcase_add_test(t, an_address_that_is_barred_is_not_connected_to);
	tcase_add_test(t, where_nobody_listens_it_is_not_reached);
	tcase_add_test(t, a_line_that_is_led_elsewhere_keeps_its_host);
	tcase_add_test(t, a_line_that_is_silent_is_pinged_and_then_lost);
	tcase_add_test(t, a_line_that_answers_pings_stays);
	tcase_add_test(t, a_line_that_says_something_is_not_pinged);
	tcase_add_loop_test(t, the_first_message_may_take_so_long, 0, COUNT(firsts));
	tcase_add_loop_test(t, a_line_that_breaks_is_lost_after_what_it_said, 0, 2);
	tcase_add_test(t, what_we_close_has_heard_our_last_words_and_tells_nothing_more);
	tcase_add_test(t, what_we_close_is_gone_though_the_server_never_answers);
	tcase_add_test(t, what_is_closed_before_it_is_open_ends_too);
	tcase_add_test(t, a_peer_that_takes_nothing_is_dropped_and_nothing_heaps_up);
	tcase_add_test(t, a_large_message_leaves_in_one_frame);
	tcase_add_loop_test(t, an_owner_may_drop_it_at_any_moment, 0, CONNECTED + 1);
	tcase_add_test(t, it_may_be_opened_again_when_it_has_ended);
	tcase_add_test(t, an_idle_one_can_be_dropped_and_closed);
	tcase_add_loop_test(t, over_tls_all_is_read_and_h2_is_never_spoken, 0, COUNT(tls));
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
