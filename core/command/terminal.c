/* terminal.c - the terminal as it was found: see command.h */
#include "command/command.h"
#include <signal.h>
#include <termios.h>
#include <unistd.h>

static struct termios found;
static int terminal;

static void put_back(int sig)
{
	tcsetattr(terminal, TCSANOW, &found);
	raise(sig);			/* its default is set: it ends us when this returns */
}

void terminal_guard(int fd)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = put_back, .sa_flags = (int)SA_RESETHAND };

	if (tcgetattr(fd, &found) != 0)
		return;
	terminal = fd;
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < COUNT(ends); i++)
		sigaction(ends[i], &action, NULL);
}
