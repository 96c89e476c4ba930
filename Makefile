# `make` alone lists what there is.

PURE     = ./pkg/crush ./pkg/osdmap ./pkg/placement ./pkg/wire ./pkg/store ./pkg/store/mem ./pkg/store/storetest ./pkg/core ./pkg/status ./pkg/mon ./pkg/pg ./pkg/osd ./pkg/history ./pkg/scenario ./pkg/sim ./pkg/objecter ./pkg/consensus/logtest
CHECKS   = gofmt vet staticcheck wasm bench-test
SIM      = zeph/pkg/sim# nothing in it runs beside anything else: the race detector would only make it slow
VCS      = $(shell git status >/dev/null 2>&1 && echo true || echo false)
FUZZTIME = 10s

.PHONY: help demo demo-placement image-binaries image-tar test $(CHECKS) wasm-test race build bench bench-messenger bench-failure fuzz mutants sim bench-sim sim-scale sim-reached soak-crush soak-consensus soak-heartbeat soak-lab chaos clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

demo: build ## a cluster at work: stores, is broken, heals, gives every byte back (SIZE=1G, ARGS=folder)
	@go build -buildvcs=false -o bin/demo ./scripts/demo
	@bin/demo $(ARGS)

demo-placement: build ## see placement at work on an example cluster
	@sh scripts/demo-placement.sh

# Every check and every test runs anew, whatever fails before it. The last line counts the
# tests; a check that fails counts as one more failure.
test: ## gofmt, vet, staticcheck, wasm build, benchmarks' tests, race tests
	@go build -buildvcs=false -o bin/testsum ./scripts/testsum
	@failed=; for check in $(CHECKS); do \
		echo "check $$check"; \
		$(MAKE) --silent --no-print-directory $$check || failed="$$failed $$check"; \
	done; \
	bin/testsum -failed "$$failed" -- -race -count=1 $$(go list ./... | grep -v $(SIM)) -- -count=1 $(SIM)

gofmt: ## list files that gofmt would change
	@files=$$(gofmt -l .) && if [ -n "$$files" ]; then echo "gofmt would change:" $$files; exit 1; fi

vet: ## go vet
	@go vet ./...

staticcheck: ## staticcheck, in the version that go.mod pins
	@go tool staticcheck ./...

wasm: ## compile the pure packages for the browser
	@GOOS=js GOARCH=wasm go build $(PURE)

wasm-test: ## run the reference mappings as a browser would, under Node
	@GOOS=js GOARCH=wasm go test -exec="$$(go env GOROOT)/lib/wasm/go_js_wasm_exec" -run 'Equal|Straw|Root|Next' ./pkg/crush ./pkg/placement

race: ## the tests alone, with the race detector; what did not change is not run again
	@go test -race ./...

build: ## build zeph, zeph-mon and zeph-osd into bin/, with the version that git knows if there is git
	@go build -buildvcs=$(VCS) -o bin/zeph ./cmd/client
	@go build -buildvcs=$(VCS) -o bin/zeph-mon ./cmd/mon
	@go build -buildvcs=$(VCS) -o bin/zeph-osd ./cmd/osd

image-binaries: ## build static programs for a container image into dist/image/
	@mkdir -p dist/image
	@CGO_ENABLED=0 go build -trimpath -buildvcs=$(VCS) -ldflags='-s -w' -o dist/image/zeph ./cmd/client
	@CGO_ENABLED=0 go build -trimpath -buildvcs=$(VCS) -ldflags='-s -w' -o dist/image/zeph-mon ./cmd/mon
	@CGO_ENABLED=0 go build -trimpath -buildvcs=$(VCS) -ldflags='-s -w' -o dist/image/zeph-osd ./cmd/osd

image-tar: image-binaries ## write dist/zeph-image.tar for docker load, without a container engine
	@go run ./scripts/image-tar -revision "$$(git rev-parse HEAD 2>/dev/null || echo unknown)"

bench: ## run the benchmarks
	@go test -run '^$$' -bench . -benchmem ./...

bench-messenger: ## measure messengers side by side: bare TCP, zmq4, gRPC, libzmq, Zeph
	@cd bench && go build -buildvcs=false -o ../bin/bench-messenger ./messenger
	@bin/bench-messenger $(ARGS)

bench-failure: build ## kill, pause, cut off OSDs, hang their disks, kill the leader: how long that is felt
	@go build -buildvcs=false -o bin/bench-failure ./scripts/bench-failure
	@bin/bench-failure $(ARGS)

chaos: build ## run all scenarios on real processes, seed after seed, for HOURS (default 1), and print a table (TARGET=lab, ARGS=folder)
	@PATH="$(CURDIR)/bin:$$PATH" sh scripts/chaos/hours.sh "$(or $(HOURS),1)" "$(or $(TARGET),lab)" $(ARGS)

fuzz: ## run every fuzz target for FUZZTIME each (default 10s)
	@set -e; for pkg in $$(go list ./...); do \
		listed=$$(go test -list '^Fuzz' $$pkg); \
		for target in $$(echo "$$listed" | grep '^Fuzz'); do \
			echo "fuzz $$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

bench-test: ## vet and test the module of the benchmarks
	@cd bench && go vet ./... && out=$$(go test ./...) || { echo "$$out"; exit 1; }

mutants: ## leave each rule of the protocol out: its script and the simulator have to notice (ARGS="-run H8"); writes docs/simulation.md
	@go run ./scripts/mutants -write $(ARGS)

soak-crush: ## compare with Ceph's crushtool on many random maps
	@go run ./scripts/crush-diff

soak-heartbeat: build ## ten minutes of full load, in which nobody may be taken for dead
	@go build -buildvcs=false -o bin/soak-heartbeat ./scripts/soak-heartbeat
	@bin/soak-heartbeat $(ARGS)

SEEDS = 1-200

sim: ## simulate clusters under faults, in virtual time: SEEDS=1-1000
	@go build -buildvcs=false -o bin/zeph ./cmd/client && bin/zeph sim search --seeds $(SEEDS)

bench-sim: ## how many virtual seconds of a cluster are simulated in a second of one core
	@GOGC=400 go test ./pkg/sim -run '^$$' -bench World -cpu 1 -benchmem

OSDS = 1000
PGS  = 32768

sim-scale: ## lose a rack of a large simulated cluster: OSDS=1000 PGS=32768, in minutes
	@go test ./pkg/sim -run RackLost -scale-osds $(OSDS) -scale-pgs $(PGS) -timeout 0 -v

sim-reached: ## a fixed set of seeds must reach every rare state of the cores
	@go test ./pkg/sim -run TestReached -reached $(or $(REACHED),400) -timeout 0 -v

soak-consensus: ## hours of faults in the replicated log, in virtual time (SOAK=6h, SEED=1)
	@go test ./pkg/consensus -run 'Soak|Damaged|Killed' -soak $(or $(SOAK),6h) -seed $(or $(SEED),1) -timeout 0 -v

soak-lab: build ## break real processes at random, and check every answer
	@go build -buildvcs=false -o bin/soak-lab ./scripts/soak-lab
	@bin/soak-lab $(ARGS)

clean: ## remove what was built
	@rm -rf bin dist
