# What a person says: make, make run, make test, make torture, make check [A=NAME], make lint,
# make asan, make fuzz [SECONDS=30], make bench [MESSAGES=5000], make clean. Everything built lies under build/.

B ?= build
SAN ?=

PACKAGES = build-essential pkg-config libcurl4-openssl-dev libcjson-dev libevent-dev \
	   libsqlite3-dev libsodium-dev libcmark-dev libseccomp-dev libedit-dev libwslay-dev \
	   libmd-dev libunistring-dev libtree-sitter-dev ca-certificates clang libclang-rt-dev
TEST_PACKAGES = check git openssl libssl-dev
LIBS = libcurl libcjson libevent_core sqlite3 libsodium libedit libcmark libmd
MORE_LIBS = -lwslay -lunistring -lm	# that pkg-config does not know; curl loads the second anyway
CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla \
       -Wwrite-strings -Wpointer-arith $(WERROR)
COMPILE = $(CC) -std=gnu17 -D_GNU_SOURCE -iquote core $(CFLAGS) $(WARN) -MMD -MP
HARD = -fPIE -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
FLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer,$(HARD))
LINK = -pie -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN))

# The adapter's side of the socket. It runs under the filter, so it is never sanitized.
RUNNER = $(patsubst %,core/adapter/%.c,runner sandbox arena end host help wire) core/buf.c core/json.c
MAIN = core/main.c $(wildcard core/command/*.c)
CORE = $(filter-out core/main.c,$(wildcard core/*.c)) $(wildcard core/store/*.c) \
       $(addprefix core/adapter/,wire.c process.c session.c channel.c)
# The in-process harness. What has the adapter's memory in its hands is compiled twice, fast and
# sanitized; what is around it is not sanitized either time.
TOUCHING = core/gate/inside.c $(patsubst %,core/adapter/%.c,host help wire) core/buf.c core/json.c
HARNESS = $(addprefix core/gate/,harness.c inside_end.c inside_heap.c fence.c)
GATE = $(filter-out core/gate/gate.c core/gate/inside.c $(HARNESS),$(wildcard core/gate/*.c))
TESTS = $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/test_*.c))

space := $(subst ,, )

objects = $(patsubst %.c,$(B)/obj/%.o,$(1))

HARNESSES = $(B)/harness $(B)/harness-sanitized

all: $(B)/chela $(B)/chela-gate $(HARNESSES)

# Installs those of $(1) that are missing, and says so in a sentence.
define install
	@mkdir -p $(B)
	@: >$(B)/packages.log; missing=; for p in $(1); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; \
	done; if [ -n "$$missing" ]; then \
		echo "chela needs these packages, which are installed now:$$missing"; \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		[ -z "$$sudo" ] || command -v sudo >/dev/null || \
			{ echo "you are not root and there is no sudo: let an administrator install them"; exit 1; }; \
		$$sudo apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >$(B)/packages.log 2>&1 \
		|| { tail -n 5 $(B)/packages.log; exit 1; }; \
	fi
	@touch $@
endef

$(B)/.packages: Makefile
	$(call install,$(PACKAGES))

$(B)/.test-packages: Makefile
	$(call install,$(TEST_PACKAGES))

$(B)/obj/core/adapter/sandboxed/%.o: %.c $(B)/.packages
	@mkdir -p $(@D)
	@$(COMPILE) $(HARD) -c $< -o $@

# clang's, as the libraries that they load are. With SAN the rest is made once more without it.
CLANG = clang -std=gnu17 -D_GNU_SOURCE -iquote core -O2 -g -fPIE -fno-omit-frame-pointer $(WARN) -MMD -MP
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all
PLAIN = $(if $(SAN),$(B)/obj/plain,$(B)/obj)

$(B)/obj/harness/%.o: %.c $(B)/.packages
	@mkdir -p $(@D)
	@$(CLANG) -c $< -o $@

$(B)/obj/harness-sanitized/%.o: %.c $(B)/.packages
	@mkdir -p $(@D)
	@$(CLANG) -DSANITIZED $(if $(filter $<,$(TOUCHING)),$(SANITIZE)) -c $< -o $@

$(B)/obj/plain/%.o: %.c $(B)/.packages
	@mkdir -p $(@D)
	@$(COMPILE) $(HARD) -c $< -o $@

$(B)/obj/%.o: %.c $(B)/.packages
	@mkdir -p $(@D)
	@echo "  cc $<"
	@$(COMPILE) $(FLAGS) -c $< -o $@

# Files that are in the program as text (core/embed.h).
$(call objects,core/builtin.c): core/builtin.json
$(call objects,core/store/db.c): core/store/schema.sql

$(B)/core.a: $(call objects,$(CORE))
	@rm -f $@ && ar rcs $@ $^

# The grammar of C, from npm as source: the gate alone reads C.
GRAMMAR = build/tree-sitter-c-0.23

$(GRAMMAR)/.installed: | $(B)/.npm
	@mkdir -p $(@D)
	@npm install --silent --no-audit --no-fund --no-save --ignore-scripts --prefix $(@D) tree-sitter-c@0.23 >/dev/null
	@touch $@

$(B)/grammar.o: $(GRAMMAR)/.installed
	@echo "  cc tree-sitter-c"
	@$(CC) -O1 -fPIE -w -I$(<D)/node_modules/tree-sitter-c/src -c $(<D)/node_modules/tree-sitter-c/src/parser.c -o $@

$(B)/chela-gate $(B)/tests/%: LIBS += tree-sitter

$(B)/gate.a: $(call objects,$(GATE)) $(B)/grammar.o
	@rm -f $@ && ar rcs $@ $^

# One object: what every adapter program is linked with.
$(B)/runner.o: $(patsubst %.c,$(B)/obj/core/adapter/sandboxed/%.o,$(RUNNER))
	@ld -r -o $@ $^

$(B)/around.a: $(patsubst %.c,$(PLAIN)/%.o,$(GATE) $(CORE))
	@rm -f $@ && ar rcs $@ $^

# Their libraries take from them what adapter.h declares.
$(B)/harness: $(patsubst %.c,$(B)/obj/harness/%.o,$(HARNESS) $(TOUCHING)) $(B)/around.a
$(B)/harness-sanitized: $(patsubst %.c,$(B)/obj/harness-sanitized/%.o,$(HARNESS) $(TOUCHING)) $(B)/around.a
$(B)/harness-sanitized: SANITIZED = -fsanitize=address,undefined
$(HARNESSES):
	@echo "  link $@"
	@clang -pie -rdynamic -Wl,-z,relro,-z,now,--as-needed $(SANITIZED) -o $@ $^ \
		$$(pkg-config --libs $(LIBS) libseccomp) $(MORE_LIBS)

$(B)/chela: $(call objects,$(MAIN)) $(B)/core.a
	@echo "  link $@"
	@$(CC) $(LINK) -o $@ $^ $$(pkg-config --libs $(LIBS)) $(MORE_LIBS)

$(B)/chela-gate: $(call objects,core/gate/gate.c) $(B)/gate.a $(B)/core.a $(B)/runner.o
	@echo "  link $@"
	@$(CC) $(LINK) -o $@ $(filter-out $(B)/runner.o,$^) $$(pkg-config --libs $(LIBS)) $(MORE_LIBS)

$(call objects,$(wildcard tests/*.c)): | $(B)/.test-packages

$(B)/tests/test_websocket: LIBS += libssl libcrypto

$(addprefix $(B)/tests/test_,gate sanitize): | $(HARNESSES)

# Tests that play a service.
$(addprefix $(B)/tests/test_,broker chela job line turn websocket): $(call objects,tests/fake.c)

$(B)/tests/%: $(B)/obj/tests/%.o $(B)/gate.a $(B)/core.a $(B)/runner.o
	@mkdir -p $(@D)
	@$(CC) $(LINK) -o $@ $(filter-out $(B)/runner.o,$^) $$(pkg-config --libs $(LIBS) check) $(MORE_LIBS)

run: all
	@$(B)/chela run

check: all
	@$(B)/chela check $(if $(A),$(A),--all)

# Every test of modules; then the language of pages, every contract, the whole program
# against strangers' servers, and our own code.
test: all $(TESTS) $(B)/kill.so build/npm/.installed
	@set -e; for t in $(TESTS); do echo "  $$t"; CK_VERBOSITY=minimal $$t; done
	@$(B)/chela-gate language specs/README.md tests/language/mistakes.md
	@$(MAKE) --no-print-directory blind
	@rm -rf $(B)/test-instance; $(B)/chela --instance $(B)/test-instance check --all
	@build/npm/node tests/peers/models.mjs $(B)/chela build/npm/node_modules/@copilotkit/aimock/dist/index.js
	@build/npm/node tests/peers/slack.mjs $(B)/chela-gate build/npm/node_modules
	@build/npm/node tests/peers/slack_whole.mjs $(B)/chela build/npm/node_modules
	@build/npm/node tests/peers/slack_attack.mjs $(B)/chela build/npm/node_modules
	@build/npm/node tests/torture/torture.mjs $(B)/chela build/npm/node_modules $(CURDIR)/$(B)/kill.so --points 30
	@$(MAKE) --no-print-directory lint

# Adapters that builders wrote who had nothing but skill and contract: the contract as it is now
# still takes them. Each has a folder of its own, so that the programs of build/ stay.
blind: all
	@rm -rf $(B)/blind; for f in tests/blind/*.c; do n=$$(basename $$f .c); a=$${n%-*}; r=$(CURDIR)/$(B)/blind/$$n; \
		mkdir -p $$r/generated/$$a && cp $(B)/chela $(B)/chela-gate $(B)/runner.o $$r/ && ln -s $(CURDIR)/$(B)/harness* $$r/ && \
		ln -s $(CURDIR)/specs $(CURDIR)/core $(CURDIR)/skills $$r/ && cp $$f $$r/generated/$$a/adapter.c && \
		$$r/chela -C $$r --instance $$r/instance check $$a >$$r/report 2>&1 || { cat $$r/report; exit 1; }; \
	done; echo "  blind: $$(ls tests/blind | wc -l) builds pass"

# The long form of what `make test` does at 30 points, ten minutes; SEED=2 for other deaths.
torture: all $(B)/kill.so build/npm/.installed
	@build/npm/node tests/torture/torture.mjs $(B)/chela build/npm/node_modules $(CURDIR)/$(B)/kill.so --seed $(or $(SEED),1)

$(B)/kill.so: tests/torture/kill.c $(B)/.packages
	@$(CC) -shared -fPIC -std=gnu17 -D_GNU_SOURCE $(WARN) -o $@ $<

# What strangers can send, at random, for so many SECONDS: from the examples of the pages, and from
# what an earlier run found.
fuzz:
	@$(MAKE) --no-print-directory B=build/fuzz CC=clang SAN=fuzzer-no-link,address,undefined build/fuzz/fuzz
	@mkdir -p build/fuzz/found build/fuzz/seeds
	@awk '/^```json/ { f = "build/fuzz/seeds/" FNR NR; printf "j" > f; next } /^```/ { f = "" } f { print > f }' specs/*/*.md
	@for f in specs/*/*.md; do (printf a; cat $$f) >build/fuzz/seeds/a-$$(echo $$f | tr / -); done
	@printf 'uHTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n' \
		>build/fuzz/seeds/upgrade
	@printf 'f\001\003abc\211\001p\200\002de\210\002\003\350' >build/fuzz/seeds/frames
	@printf 'p<@U0> `<@U0>` <https://x|y> <!date^1^{date}|d> &lt;' >build/fuzz/seeds/plain
	@cd $(CURDIR) && UBSAN_OPTIONS=halt_on_error=1 build/fuzz/fuzz -max_total_time=$(or $(SECONDS),30) -timeout=10 -max_len=4096 -verbosity=0 \
		-artifact_prefix=build/fuzz/ build/fuzz/found build/fuzz/seeds >build/fuzz/log 2>&1 || { tail -n 60 build/fuzz/log; exit 1; }
	@echo "  fuzz: nothing was found in $(or $(SECONDS),30) s"

$(B)/fuzz: $(call objects,tests/fuzz.c) $(B)/core.a
	@$(CC) $(LINK),fuzzer -o $@ $^ $$(pkg-config --libs $(LIBS)) $(MORE_LIBS)

bench: all $(B)/bench
	@rm -rf $(B)/bench-instance $(B)/bench-model $(B)/bench-channel; echo hello | env -u ANTHROPIC_API_KEY -u OPENAI_API_KEY \
		$(B)/chela --instance $(B)/bench-instance chat --yes-to offline >/dev/null 2>&1
	@$(B)/bench $(B)/chela $(CURDIR)/$(B)/bench-instance $(CURDIR)/$(B)/bench-model $(CURDIR)/$(B)/bench-channel $(MESSAGES)
	@echo "core, without gate          $$(cat core/*.[ch] core/adapter/*.[ch] core/store/*.[ch] core/command/*.[ch] | wc -l) lines," \
		"$$(cat core/*.[ch] core/adapter/*.[ch] core/store/*.[ch] core/command/*.[ch] | sed -E 's:/\*.*\*/::; /^[[:space:]]*$$/d; /^[[:space:]]*[/ ]\*/d' | wc -l) of them code;" \
		"chela, stripped: $$(strip -o $(B)/stripped $(B)/chela && stat -c %s $(B)/stripped) bytes"

$(B)/bench: $(call objects,$(wildcard tests/bench*.c)) $(B)/core.a
	@$(CC) $(LINK) -o $@ $^ $$(pkg-config --libs $(LIBS)) $(MORE_LIBS)

# Our own code: no warning of either compiler, no banned call, the ABI as recorded, skills as
# the Agent Skills format wants them.
BANNED = strcpy strcat sprintf vsprintf strtok atoi scanf sscanf fscanf gets alloca system popen signal setjmp \
	 longjmp cJSON_GetObjectItem
# (what tests attack us with, and what others built, is not ours to keep tidy)
SOURCES = $(filter-out tests/attack/% tests/bad/% tests/blind/%,$(shell git ls-files '*.c'))

lint: $(B)/.packages $(B)/.test-packages build/npm/.installed
	@for cc in gcc clang; do for f in $(SOURCES); do \
		$$cc -std=gnu17 -D_GNU_SOURCE -iquote core -iquote core/adapter -iquote tests $(WARN) -O1 -Werror -fsyntax-only $$f || exit 1; \
	done; done
	@! grep -nwE '($(subst $(space),|,$(strip $(BANNED)))) *\(' $(SOURCES) || { echo "banned calls, above: see CLAUDE.md"; exit 1; }
	@grep -qx "1 $$(sha256sum <core/adapter/adapter.h | cut -d' ' -f1)" core/adapter/ABI || \
		{ echo "core/adapter/adapter.h is not the one that core/adapter/ABI records: see CLAUDE.md"; exit 1; }
	@for s in skills/*/; do build/npm/node build/npm/node_modules/.bin/skills-ref validate $$s >/dev/null || \
		{ build/npm/node build/npm/node_modules/.bin/skills-ref validate $$s; exit 1; }; done
	@echo "  lint: clean"

# What the tests take from npm: a model server and a validator that nobody here wrote, and a
# newer node where the machine's is too old for them.
PEERS = skills-ref@0.1.5 @copilotkit/aimock@1.43.0 ws@8 @slack/socket-mode@3.1.0 @slack/web-api@8.2.0 emulate@0.12.2
NODE_NEW = node-linux-$(if $(filter aarch64,$(shell uname -m)),arm64,x64)@24

# (Debian's own npm brings hundreds of packages: one that is there already will do)
$(B)/.npm: Makefile
	$(call install,$(if $(shell command -v npm),,npm))

build/npm/.installed: $(B)/.npm
	@mkdir -p build/npm
	@new=; node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 15) ? 0 : 1)' || new=$(NODE_NEW); \
	npm install --silent --no-audit --no-fund --no-save --prefix build/npm $(PEERS) $$new >/dev/null && \
	ln -sf "$$(ls -d $(CURDIR)/build/npm/node_modules/node-linux-*/bin/node 2>/dev/null || command -v node)" build/npm/node
	@touch $@

asan:
	@$(MAKE) --no-print-directory test B=build/asan SAN=address,undefined

clean:
	rm -rf build

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

.PHONY: all run check test blind torture fuzz bench lint asan clean
.DELETE_ON_ERROR:
.SECONDARY:
