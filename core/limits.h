/* limits.h - every size that a stranger can choose has its maximum here, with its
 * reason. Memory never fails: these are why. */
#ifndef CHELA_LIMITS_H
#define CHELA_LIMITS_H

enum {
	/* between core and adapter */
	FRAME_MAX = 64 * 1024,			/* one SEQPACKET frame: four fit the default socket buffer */
	MESSAGE_MAX = 16 * 1024 * 1024,		/* a whole conversation with its raw parts */
	OUTPUT_MAX = 1024,			/* messages an adapter may queue for one event: a batch of 500, answered */
	OUTPUT_BYTES_MAX = 20 * 1024 * 1024,	/* and all their bytes */
	KEEP_MAX = 16 * 1024,			/* a session id and a cursor need 200 bytes */
	LOG_MAX = 1024,				/* one line of an adapter */
	LOG_LINES_MAX = 16,			/* for each event */
	LOG_MINUTE_MAX = 100,			/* lines of one channel in a minute: a chatty adapter is not a full disk */
	REASON_MAX = 500,			/* why something failed: shown to a person */
	REMEDY_MAX = 300,			/* of it what a manifest says to do: the rest is the service's own words */
	ARENA_JOB = 64 * 1024 * 1024,		/* address space; pages are touched on use, and go with the job */
	ARENA_CHANNEL = 8 * 1024 * 1024,	/* emptied after each event */
	STACK_MAX = 1024 * 1024,
	JOB_CPU_S = 60,				/* of a whole job, should the core not be there to watch each event */
	EVENT_CPU_MS = 2000,			/* 100 times what 800 KB of conversation took */
	EVENT_WALL_MS = 20000,			/* a stopped or starved process is not a busy one */
	START_WALL_MS = 10000,			/* exec to hello, on a slow card */
	REFS_MAX = 64,				/* requests open in one adapter */
	CALLS_MAX = 64,				/* operations open in one adapter */
	SOCKETS_MAX = 4,
	TIMERS_MAX = 16,

	/* HTTP */
	REQUEST_MAX = 16 * 1024 * 1024,		/* a rendered body; a manifest may say less */
	ANSWER_MAX = 16 * 1024 * 1024,		/* decompressed; a manifest may say less */
	URL_MAX = 8192,
	EMAILS_MAX = 100,			/* addresses in one argument: more is a mailing list's work */
	ERROR_BODY_MAX = 64 * 1024,		/* of an answer that is no 2xx: more than any reason needs */
	HEADER_MAX = 64 * 1024,			/* all response headers together */
	PART_MAX = 4 * 1024 * 1024,		/* one event of a stream */
	CONNECT_MS = 15000,
	SILENCE_MS = 90000,			/* no byte of an answer: a model may think */
	ANSWER_TOTAL_MS = 600000,
	EXCHANGES_OPEN_MAX = 32,		/* requests under way of one connection; its others queue */
	RETRY_TRIES = 4,			/* attempts in all */
	RETRY_AFTER_MAX_MS = 120000,		/* a longer Retry-After is an answer, not a wait */

	/* WebSocket */
	SOCKET_MESSAGE_MAX = 4 * 1024 * 1024,	/* one message, its fragments together: Slack's largest known has 67 KB */
	SOCKET_OUT_MAX = 256 * 1024,		/* that wait to leave: a line that takes no more is dead */
	SOCKET_TURN_MAX = 256 * 1024,		/* read in one turn of the loop: a flood leaves others their time */
	UPGRADE_MAX = 16 * 1024,		/* the answer to the upgrade */
	PING_MS = 20000,			/* of silence before we ask; services ping within 10 to 60 s themselves */
	PONG_MS = 15000,			/* and then: 5 s is known to misfire under load */
	CLOSE_MS = 1000,			/* a close that is not answered */
	PACE_FIRST_MS = 1000,			/* before the second try to get up */
	PACE_MOST_MS = 120000,
	PACE_ASKED_MAX_MS = 3600000,		/* what a service can ask for: to try once an hour harms nobody */
	PACE_STABLE_MS = 60000,			/* stood so long: its failures are forgotten */
	UPKEEP_MAX = 100,			/* requests and sockets of an adapter's own in a span: polls that are always full */
	UPKEEP_SPAN_MS = 10000,
	TIMER_LEAST_MS = 50,			/* a timer in a circle is no busy loop */

	/* a channel */
	CHANNELS_MAX = 16,			/* each is a process of its own */
	PEOPLE_MAX = 256,			/* owner and guest lines: each message is held against all */
	EVENTS_MAX = 4096,			/* that wait until the adapter has read; a line that brings more is dropped */
	EVENTS_BYTES_MAX = 64 * 1024 * 1024,	/* and their bytes: a slow card has so much to spare */
	STOP_MS = 1500,				/* for acts that are open at the end; and then for the last event */
	TURNS_MAX = 32,				/* that run at once; the others wait, each in its chat's order */
	CHAT_WAITING_MAX = 20,			/* messages of one chat that wait: more get an honest answer instead */
	PERSON_WAITING_MAX = 100,		/* of one guest, in all chats */
	PERSON_TURNS_MAX = 4,			/* of one guest at once: a guest keeps nobody waiting */
	ALL_WAITING_MAX = 2000,			/* and of all chats */
	STOP_LOOK_MS = 20,			/* between looks at whether all channels have ended */
	ACT_MS = 300000,			/* an act, all its tries and waits */
	SEND_TRIES = 16,			/* of one row: over three quarters of an hour, most outages are shorter */
	SEND_WAIT_FIRST_MS = 1000,		/* before the second, then doubling */
	SEND_WAIT_MOST_MS = 300000,		/* whatever a service asks for: the wall clock may have been set back */
	SEND_UNITS_LEAST = 16,			/* a piece that must be smaller still is refused for another reason */
	PLAIN_CHATS_MAX = 256,			/* in which typing was refused: the oldest is asked once more */
	SIGN_TRIES = 4,				/* to take a mark away */
	SIGN_WAIT_MS = 4000,			/* before a courtesy is tried again */

	/* what a model says, on its way to a chat */
	MARKUP_WORK_MAX = 10 * 1000 * 1000,	/* lines times depth: cmark looks at each open list for each; half a second */
	MARKUP_IMAGES_MAX = 5000,		/* for which cmark's time grows with the square; more is shown as it stands */
	MARKUP_INDENT_MAX = 12,			/* levels that are indented: no chat shows more, and each costs all its lines */
	TABLE_CELLS_MAX = 5000,			/* of all tables of a text; what comes behind them is shown as it stands */
	LINK_MAX = 1000,			/* bytes of a link's address: it cannot be cut, and a longer one is text */

	/* kept in the store for a person to look at */
	DEAD_LETTER_MAX = 256 * 1024,		/* of one defective event: enough to see what is wrong */
	DEAD_LETTERS_MAX = 1000,		/* the newest stay: a platform that went mad does not fill the disk */
	STRANGERS_MAX = 1000,			/* who wrote and is unknown; the latest stay */
	POISON_TIMES = 2,			/* an event that has ended its adapter so often is told no more */
	POISON_MAX = 1000,			/* events that ended an adapter and are counted; the newest stay */

	/* files a person writes */
	FILE_MAX = 1024 * 1024,			/* manifest, page, configuration, skill */
	SECRET_MAX = 8192,
	OPERATIONS_MAX = 64,			/* of one manifest, and its tools: a person reads them before enabling it */
	ARGUMENTS_MAX = 32,			/* of one operation or tool: a model fills them in */
	SLOTS_MAX = 8,				/* secrets of one manifest: no service has more */
	ROWS_MAX = 64,				/* errors rows in one list: each answer is held against all */
	PATTERNS_MAX = 128,			/* in one list: each part of a stream is held against all */
	VALUES_MAX = 64,			/* words of one enum: a model is shown them all */
	WORDS_MAX = 256,			/* protocol words that a law leaves alone */
	HEADERS_MAX = 16,			/* of one operation */
	FRAMES_MAX = 16,			/* of one socket's manifest row: a person reads them */
	INBOUND_MAX = 32,			/* rows that say what a message is: each delivery is held against all */
	ACTS_MAX = 16,				/* what one channel can do */
	ACT_STEPS_MAX = 4,			/* operations of one act: the longest known needs three */
	SEEN_MAX = 16,				/* values remembered of one place: a session and its predecessors */
	SEEN_BYTES_MAX = 2048,			/* of one of them: longer addresses are not used */
	REQUESTS_MAX = 64,			/* of one job: a tool that needs more asks the wrong question */
	ARENA_MIN = 1024 * 1024,		/* an adapter that is given less cannot hold one answer */
	RESULT_CHARS_MIN = 200,			/* less than this tells nothing */
	CONF_LINE_MAX = 1024,			/* one line of assistant.conf: longer ones are not written by a person */
	CONF_LINES_MAX = 1000,			/* statements: each decision reads all rules */

	/* one turn of a model adapter */
	JOB_MS = 900000,			/* all tries of its one request, with their waits */
	SPARE_WAIT_MS = 20,			/* before the next process is started: the job that took one goes first */
	SPARE_AGAIN_MS = 10000,			/* before another one, where one died while it waited */
	JOB_NEWS_MAX = 20000,			/* pieces that wait until the adapter has read; their bytes are an answer's */

	/* a turn */
	RESULT_DEPTH_MAX = 48,			/* of a model's answer: told again, it stands deeper within other JSON */
	STEPS_MAX = 16,				/* model answers in one turn; `limit steps` says less or more */
	STEPS_MOST = 200,			/* and what it can say: more is a loop, not a task */
	TOKENS_DEFAULT = 200000,		/* of one turn: three times the history, and it costs about a dollar */
	TOKENS_MOST = 100000000,		/* what `limit tokens` can say: a day of a fast model */
	CONTEXT_DEFAULT = 60000,		/* tokens of history shown: half of what small models of today take */
	CONTEXT_MOST = 10000000,		/* what `limit context` can say: no model takes more */
	TOKENS_LEAST = 1000,			/* of both: the system text alone needs some hundreds */
	CALLS_PER_STEP_MAX = 32,
	ASK_TRIES = 3,				/* of one model for one step: the broker has tried before */
	ASK_WAIT_MS = 1000,			/* before the second; twice as long before the third */
	FOLDS_MAX = 3,				/* summaries in one turn: each leaves less to fold */
	RESUMES_MAX = 3,			/* a turn that takes the core down again and again is given up */
	ANSWER_TEXT_MAX = 1024 * 1024,		/* what one turn says to a person */
	LINE_IN_MAX = 256 * 1024,		/* what one person says at once */
	NOTE_MAX = 8192,			/* bytes of one note */
	NOTES_MAX = 1000,			/* of one person */
	RESULT_CHARS_MAX = 20000,		/* one tool result, as the model sees it */
	RESULT_CHARS_TIGHT = 2000,		/* and where the turn does not fit otherwise */
	SUMMARY_MAX = 16 * 1024,		/* bytes that stand for all that was folded */
	NOTES_SHOWN_MAX = 8192,			/* bytes of notes that a model is shown unasked; the rest by recall */
};

#endif

/* gcc's own <limits.h> looks for the one of the C library by a way that leads here first. */
#ifndef __clang__
#include_next <limits.h>
#endif
