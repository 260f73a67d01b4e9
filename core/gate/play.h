/* play.h - a contract's pages as a fake of the service: chela play.
 *
 * Over loopback HTTP and WebSocket, in real time, the rules of the `transcript platform`
 * blocks answer whoever calls: the assistant, or anybody's client. Lines typed at standard
 * input are what people say there; they wait until a socket is up. Where standard input is
 * a terminal or a pipe, its end is the end.
 *
 * With --section, once the background's requests have come (rules answer them), the section
 * is played: its "<" are done, its "http" and "ws" are expected within 10 s; those that
 * stand together in any order. What is inside of an assistant (deliver, result, acts, what is
 * kept) does not show and is not asked for. */
#ifndef CHELA_PLAY_H
#define CHELA_PLAY_H

/* NAME [--port N] [--section TITLE]... [--json]; NAME is in specs/, or a path. The first line on stdout is the address.
 * 0; 1: it did not hold, or cannot be played; 2: wrong words. */
int play_run(int argc, char **argv);

#endif
