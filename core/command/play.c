/* play.c - chela play: becomes the gate, which plays a contract's service. */
#include "command/command.h"

int command_play(struct instance *i, int argc, char **argv)
{
	gate_become(i, "play", argc, argv);
	return 1;
}
