/*
 * The view change, for Spin: from the first suspicion to the one record that ends a view, and what is delivered by it.
 *
 * One replica set with one sender, N members. A cell `column[X(reader, row)]` is what `reader` has in its memory of the
 * row of `row`; with reader == row it is the row itself, which only that member writes. A push lands when `link` copies a
 * cell: late, column by column, each guard after its data. Each `::` of `member` is one turn. README.md says what is left
 * out, and why that may be. The macros BUG_* each plant one bug beside the rule that it breaks; scripts/check-model.mjs
 * runs them all. A property is an `assert` with a name in front.
 */
#ifndef N
#define N 3                   /* members of the view: 3 or 4 */
#endif
#ifndef FRAMES
#define FRAMES 1              /* that the sender may publish; 0 to 3 */
#endif
#ifndef SENDER
#define SENDER 0
#endif
#ifndef CRASHES
#define CRASHES 1             /* members that may die, at any step */
#endif
#ifndef SUSPICIONS
#define SUSPICIONS 1          /* false suspicions: one member of one other */
#endif
#ifndef DUELS
#define DUELS 1               /* ballots begun while another is still under way */
#endif
#define LAST_BALLOT (5*N)

#define X(reader, row) ((reader)*N + (row))
#define BIT(i) (1 << (i))
#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define MAX(a, b) ((a) > (b) -> (a) : (b))
#if N == 3
#define SUM(f, p) (f(p,0) + f(p,1) + f(p,2))
#define ALL(f, p) (f(p,0) && f(p,1) && f(p,2))
#define ANY(f, p) (f(p,0) || f(p,1) || f(p,2))
#define EACH(rule) :: rule(0) :: rule(1) :: rule(2)
#else
#define SUM(f, p) (f(p,0) + f(p,1) + f(p,2) + f(p,3))
#define ALL(f, p) (f(p,0) && f(p,1) && f(p,2) && f(p,3))
#define ANY(f, p) (f(p,0) || f(p,1) || f(p,2) || f(p,3))
#define EACH(rule) :: rule(0) :: rule(1) :: rule(2) :: rule(3)
#endif

/* The shard table. */
byte received[N*N];           /* frames held without a gap: an acknowledgement */
byte delivered[N];            /* nobody reads it in a view change: only the rows themselves */
/* The member table. */
byte suspected[N*N];          /* a bit per rank */
byte finals[N*N];             /* `received`, as it was when this member wedged */
bool wedged[N*N];
byte promised[N*N];           /* highest ballot promised; 0: none; ballot b of the text is b + 1 here */
short accepted[N*N];          /* the record accepted last, with its ballot inside; 0: none */
short proposal[N];            /* what I propose; see `accept` for why there are no copies */
#ifdef SPLIT
byte acceptedBallot[N*N];     /* the guard of `accepted` as a cell of its own */
#endif

bool dead[N], acted[N];       /* acted: saw the chosen record, and delivered by it or halted */
byte crashes, suspicions, duels;
short decided;                /* the record that somebody acted on first, without its ballot */

#define RECORD(ballot, trim, kept) ((ballot)*128 + (trim)*32 + (kept))
#define ballotOf(r) ((r)/128)
#define contentOf(r) ((r)%128)
#define trimOf(r) (contentOf(r)/32)
#define keptOf(r) ((r)%32)
#define sizeOf(set) (((set)&1) + (((set)/2)&1) + (((set)/4)&1) + (((set)/8)&1))

#define live(p) (!dead[p])
#define suspects(p, k) ((suspected[X(p,p)] & BIT(k)) != 0)

/* ---- Who hears whom: a suspect's row is not read anew, and a suspect is not written to. */
#ifdef BUG_READS_SUSPECTS
#define open(from, to) (live(to) && !suspects(from, to))
#else
#define open(from, to) (live(to) && !suspects(from, to) && !suspects(to, from))
#endif

/* ---- Majorities: of promises, and of who accepted. Always of the whole old view. */
#ifdef BUG_HALF
#define MAJORITY(count, kept) (2*(count) >= N)
#elif defined(BUG_MAJORITY_OF_KEPT)
#define MAJORITY(count, kept) (2*(count) > (kept))
#else
#define MAJORITY(count, kept) (2*(count) > N)
#endif

/* ---- Who stays, as p sees it. First without whom p itself suspects; then by age, who is not at odds with an older one. */
#ifdef BUG_OWN_SUSPICIONS_LAST
#define OUT(p, k) false
#else
#define OUT(p, k) ((suspected[X(p,p)] & BIT(k)) != 0)
#endif
#ifdef BUG_OTHERS_SUSPICIONS_IGNORED
#define AT_ODDS(p, i, k) false
#else
#define AT_ODDS(p, i, k) ((suspected[X(p,i)] & BIT(k)) || (suspected[X(p,k)] & BIT(i)))
#endif
#define STAYS0(p) (!OUT(p,0))
#define STAYS1(p) (!OUT(p,1) && !(STAYS0(p) && AT_ODDS(p,0,1)))
#define STAYS2(p) (!OUT(p,2) && !(STAYS0(p) && AT_ODDS(p,0,2)) && !(STAYS1(p) && AT_ODDS(p,1,2)))
#define STAYS3(p) (!OUT(p,3) && !(STAYS0(p) && AT_ODDS(p,0,3)) && !(STAYS1(p) && AT_ODDS(p,1,3)) && !(STAYS2(p) && AT_ODDS(p,2,3)))
#define STAYS(p, k) STAYS##k(p)
#ifdef BUG_KEEPS_MINORITY
#define ENOUGH_STAY(p) (SUM(STAYS, p) > 0)
#else
#define ENOUGH_STAY(p) MAJORITY(SUM(STAYS, p), N)
#endif
#ifdef BUG_NO_WAIT_FOR_WEDGE
#define READY(p, k) true
#else
#define READY(p, k) (!STAYS##k(p) || wedged[X(p,k)])
#endif
#define HAS_OWN_RECORD(p) (ENOUGH_STAY(p) && ALL(READY, p))

/* ---- The trim: the lowest of the finals of those who stay. */
#if defined(BUG_TRIM_MAXIMUM)
#define TRIM_START 0
#define TRIM_WITH(trim, p, k) MAX(trim, finals[X(p,k)])
#elif defined(BUG_TRIM_OWN)
#define TRIM_START 255
#define TRIM_WITH(trim, p, k) finals[X(p,p)]
#elif defined(BUG_TRIM_SHARD_TABLE)
#define TRIM_START 255
#define TRIM_WITH(trim, p, k) MIN(trim, received[X(p,k)])
#else
#define TRIM_START 255
#define TRIM_WITH(trim, p, k) MIN(trim, finals[X(p,k)])
#endif
#ifdef BUG_TRIM_OF_ALL
#define COUNTS_FOR_TRIM(kept, k) true
#else
#define COUNTS_FOR_TRIM(kept, k) ((kept) & BIT(k))
#endif

/* ---- A record counts only with the ballot that is beside it. */
#if defined(SPLIT) && defined(BUG_BALLOT_UNCHECKED)
#define shown(p, k) (acceptedBallot[X(p,k)] == 0 -> 0 : acceptedBallot[X(p,k)]*128 + contentOf(accepted[X(p,k)]))
#define whole(p, k) true
#elif defined(SPLIT)
#define whole(p, k) (ballotOf(accepted[X(p,k)]) == acceptedBallot[X(p,k)])
#define shown(p, k) (whole(p,k) -> accepted[X(p,k)] : 0)
#else
#define whole(p, k) true
#define shown(p, k) accepted[X(p,k)]
#endif

/* ---- Ballots: rank r owns r, r+N, ... A ballot other than 0 needs promises, and takes over what those who promised accepted. */
#define current(p) promised[X(p,p)]
#define ownerOf(ballot) (((ballot) - 1) % N)
#define PROMISED(p, k) (promised[X(p,k)] == current(p))
#define READABLE(p, k) (!PROMISED(p,k) || whole(p,k))
#ifdef BUG_NO_TAKEOVER
#define HANDS_OVER(p, k) false
#else
#define HANDS_OVER(p, k) (PROMISED(p,k) && shown(p,k) != 0)
#endif
#define SHOWS_RECORD(p, k) (accepted[X(p,k)] != 0)
#define REACHES(p, k) (!suspects(p,k))
#define inView(p) (live(p) && wedged[X(p,p)] && !acted[p])
#ifdef BUG_ONLY_LOWEST_PROPOSES
#define MAY_LEAD(p) (p == 0 || (suspects(p,0) && (p == 1 || (suspects(p,1) && (p == 2 || suspects(p,2))))))
#else
#define MAY_LEAD(p) true
#endif
#define mayPrepare(p) (inView(p) && MAY_LEAD(p) && MAJORITY(SUM(REACHES, p), N) && (HAS_OWN_RECORD(p) || ANY(SHOWS_RECORD, p)) && current(p) <= LAST_BALLOT-N)

/* Only within atomic steps, and 0 outside of them, so they are no part of the state. */
hidden byte k, next, kept, trim;
hidden short best;
hidden byte ended;

/* What a member will not read again becomes 0, which keeps equal states equal. */
inline forgetReceived(p) {
  k = 0; do :: k < N && k != p -> received[X(p,k)] = 0; k++ :: k == p -> k++ :: else -> break od; k = 0
}
inline forgetPromises(p) {
  k = 0; do :: k < N && k != p -> promised[X(p,k)] = 0; k++ :: k == p -> k++ :: else -> break od; k = 0
}
inline forgetAll(p) {
  forgetReceived(p); forgetPromises(p);
  do
  :: k < N && k != p ->
     suspected[X(p,k)] = 0; finals[X(p,k)] = 0; wedged[X(p,k)] = 0; accepted[X(p,k)] = 0;
#ifdef SPLIT
     acceptedBallot[X(p,k)] = 0;
#endif
     k++
  :: k == p -> k++
  :: else -> break
  od;
  k = 0
}

inline wedge(p) {
  d_step {
    printf("rank %d wedges, having received %d\n", p, received[X(p,p)]);
    wedged[X(p,p)] = true;
#ifndef BUG_WEDGED_BEFORE_FINALS
    finals[X(p,p)] = received[X(p,p)];
#endif
#ifndef KEEPS_SHARD_TABLE
    forgetReceived(p)
#endif
  }
}

inline prepare(p) {
  d_step {
    next = current(p); k = 0;
    do
    :: k < N && open(k,p) -> next = MAX(next, promised[X(k,k)]); k++
    :: k < N && !open(k,p) -> k++
    :: else -> break
    od;
    kept = (next == 0 -> p+1 : (next-1)/N*N + p+1);
    next = (kept > next -> kept : kept + N);
    printf("rank %d asks for promises to ballot %d\n", p, next-1);
    current(p) = next; next = 0; kept = 0;
    forgetPromises(p)
  }
}

inline propose(p) {
  d_step {
    best = 0; k = 0;
    do
    :: k < N -> if :: HANDS_OVER(p,k) -> best = MAX(best, shown(p,k)) :: else -> skip fi; k++
    :: else -> break
    od;
    if
    :: best != 0 -> best = contentOf(best)
    :: else ->
       kept = STAYS0(p) + 2*STAYS1(p) + 4*STAYS2(p);
#if N > 3
       kept = kept + 8*STAYS3(p);
#endif
       trim = TRIM_START; k = 0;
       do
       :: k < N -> if :: COUNTS_FOR_TRIM(kept, k) -> trim = TRIM_WITH(trim, p, k) :: else -> skip fi; k++
       :: else -> break
       od;
       best = RECORD(0, trim, kept)
    fi;
    best = best + RECORD(current(p), 0, 0);
    printf("rank %d proposes and accepts in ballot %d: trim %d, kept (bits) %d\n", p, ballotOf(best)-1, trimOf(best), keptOf(best));
    proposal[p] = best; accepted[X(p,p)] = best;
#ifdef SPLIT
    acceptedBallot[X(p,p)] = ballotOf(best);
#endif
    best = 0; kept = 0; trim = 0; k = 0
  }
}

/* ---- Chosen: more than half of all members show the same accepted ballot. */
#define SAME(p, r, k) (shown(p,k) != 0 && ballotOf(shown(p,k)) == ballotOf(shown(p,r)))
#if N == 3
#define COUNT(p, r) (SAME(p,r,0) + SAME(p,r,1) + SAME(p,r,2))
#else
#define COUNT(p, r) (SAME(p,r,0) + SAME(p,r,1) + SAME(p,r,2) + SAME(p,r,3))
#endif
#define SHOWS_CHOSEN(p, r) (shown(p,r) != 0 && MAJORITY(COUNT(p,r), sizeOf(keptOf(shown(p,r)))))

inline actOn(p, r) {
  d_step {
    best = contentOf(shown(p,r));
    printf("rank %d acts on ballot %d: trim %d, kept (bits) %d\n", p, ballotOf(shown(p,r))-1, trimOf(best), keptOf(best));
    /* one record */
    assert(decided == 0 || decided == best);
    decided = best;
    /* kept majority */
    assert(2*sizeOf(keptOf(best)) > N);
    /* uniform */
    k = 0;
    do :: k < N -> assert(delivered[k] <= trimOf(best)); k++ :: else -> break od;
    k = 0;
    if
    :: keptOf(best) & BIT(p) ->
       /* trim held */
       assert(received[X(p,p)] >= trimOf(best));
       delivered[p] = trimOf(best)
    :: else -> skip
    fi;
    acted[p] = true; best = 0;
    forgetAll(p)
  }
}

/* ---- Who acted goes on answering proposers in the old view, also if it was left out. */
#ifdef BUG_ACTED_IS_DEAF
#define answers(p) (live(p) && wedged[X(p,p)] && !acted[p])
#elif defined(BUG_LEFT_OUT_IS_DEAF)
#define answers(p) (live(p) && wedged[X(p,p)] && (!acted[p] || (keptOf(decided) & BIT(p))))
#else
#define answers(p) (live(p) && wedged[X(p,p)])
#endif

/* ---- Stable: every member acknowledged. */
#ifdef BUG_DELIVERS_UNSTABLE
#define ACKNOWLEDGED(p, k) (received[X(p,p)] > delivered[p])
#else
#define ACKNOWLEDGED(p, k) (received[X(p,k)] > delivered[p])
#endif
/* ---- The wedge: nothing is acknowledged or delivered after it. */
#ifdef BUG_ACKNOWLEDGES_WEDGED
#define mayReceive(p) (live(p) && !acted[p])
#else
#define mayReceive(p) (live(p) && !wedged[X(p,p)])
#endif
#ifdef BUG_DELIVERS_WEDGED
#define mayDeliver(p) (live(p) && !acted[p])
#else
#define mayDeliver(p) (live(p) && !wedged[X(p,p)])
#endif
#define ENDS_VIEW(p, k) (suspected[X(p,k)] != 0 || wedged[X(p,k)])

#ifdef SLOW_WEDGE
#define ALSO_WEDGE skip
#else
#define ALSO_WEDGE if :: !wedged[X(me,me)] -> wedge(me) :: else -> skip fi
#endif
/* Rightly: it is dead, or it suspects me, so that no beat of it comes any more. */
#define SUSPECT(j) atomic { j != me && live(me) && !acted[me] && !suspects(me,j) && (dead[j] || suspects(j,me)) -> \
    printf("rank %d suspects rank %d\n", me, j); suspected[X(me,me)] = suspected[X(me,me)] | BIT(j); ALSO_WEDGE }
#define SUSPECT_FALSELY(j) atomic { j != me && live(me) && !acted[me] && !suspects(me,j) && !dead[j] && !suspects(j,me) && suspicions < SUSPICIONS -> \
    printf("rank %d suspects rank %d falsely\n", me, j); suspicions++; suspected[X(me,me)] = suspected[X(me,me)] | BIT(j); ALSO_WEDGE }

/* A member that reads another's request answers in the same turn, so its landing is no step of its own. */
#define PROMISE(j) atomic { j != me && answers(me) && open(j,me) && current(j) > current(me) && ownerOf(current(j)) == j -> \
    printf("rank %d promises ballot %d\n", me, current(j)-1); current(me) = current(j); d_step { forgetPromises(me) } }
#ifdef BUG_BREAKS_PROMISE
#define ALLOWED(ballot) ((ballot) > ballotOf(accepted[X(me,me)]))
#else
#define ALLOWED(ballot) ((ballot) >= current(me) && (ballot) > ballotOf(accepted[X(me,me)]))
#endif
#ifdef SPLIT
#define WITH_BALLOT acceptedBallot[X(me,me)] = ballotOf(accepted[X(me,me)])
#else
#define WITH_BALLOT skip
#endif
#define ACCEPT(j) atomic { j != me && answers(me) && open(j,me) && proposal[j] != 0 && ALLOWED(ballotOf(proposal[j])) -> \
    printf("rank %d accepts in ballot %d\n", me, ballotOf(proposal[j])-1); accepted[X(me,me)] = proposal[j]; WITH_BALLOT; \
    current(me) = MAX(current(me), ballotOf(accepted[X(me,me)])); d_step { forgetPromises(me) } }
#define ACT(r) atomic { inView(me) && SHOWS_CHOSEN(me,r) -> actOn(me,r) }

proctype member(byte me) {
end:
  do
  :: atomic { me == SENDER && live(me) && !wedged[X(me,me)] && received[X(me,me)] < FRAMES ->
       printf("rank %d publishes a frame\n", me); received[X(me,me)]++ }
  :: atomic { me != SENDER && mayReceive(me) && open(SENDER,me) && received[X(me,me)] < received[X(SENDER,SENDER)] ->
       printf("rank %d receives a frame\n", me); received[X(me,me)]++ }
  :: atomic { mayDeliver(me) && ALL(ACKNOWLEDGED, me) ->
       printf("rank %d delivers a frame\n", me); delivered[me]++;
       /* uniform */
       assert(decided == 0 || delivered[me] <= trimOf(decided)) }
  EACH(SUSPECT)
  EACH(SUSPECT_FALSELY)
  :: atomic { live(me) && !wedged[X(me,me)] && ANY(ENDS_VIEW, me) -> wedge(me) }
#ifdef BUG_WEDGED_BEFORE_FINALS
  :: atomic { live(me) && wedged[X(me,me)] && finals[X(me,me)] != received[X(me,me)] -> finals[X(me,me)] = received[X(me,me)] }
#endif
  /* Ballot 0 is rank 0's, and needs no promises. */
  :: atomic { me == 0 && inView(me) && current(me) == 0 && HAS_OWN_RECORD(me) -> current(me) = 1; propose(me) }
#ifdef BUG_FOREIGN_BALLOT
  :: atomic { me == 1 && inView(me) && current(me) == 0 && HAS_OWN_RECORD(me) -> current(me) = 1; propose(me) }
#endif
#ifdef BUG_RECORD_CHANGES
  :: atomic { me == 0 && inView(me) && current(me) == 1 && accepted[X(me,me)] != 0 && HAS_OWN_RECORD(me) && suspected[X(me,me)] & keptOf(accepted[X(me,me)]) ->
       accepted[X(me,me)] = 0; propose(me) }
#endif
  :: atomic { duels < DUELS && mayPrepare(me) -> duels++; prepare(me) }
  :: atomic { inView(me) && current(me) > 1 && ownerOf(current(me)) == me && ballotOf(proposal[me]) != current(me) &&
       MAJORITY(SUM(PROMISED, me), SUM(STAYS, me)) && ALL(READABLE, me) && (ANY(HANDS_OVER, me) || HAS_OWN_RECORD(me)) -> propose(me) }
  EACH(PROMISE)
  EACH(ACCEPT)
  EACH(ACT)
  od
}

/* ---- What `from` pushed lands at `to`. */
#define DIFFERS(c) (c[X(to,from)] != c[X(from,from)])
#define LAND(c) c[X(to,from)] = c[X(from,from)]
#ifdef KEEPS_SHARD_TABLE
#define READS_SHARD_TABLE(p) (!acted[p])
#else
#define READS_SHARD_TABLE(p) (!wedged[X(p,p)])
#endif
/* What was accepted before a promise lands before it. */
#ifdef BUG_PROMISE_BEFORE_ACCEPTED
#define MAY_SHOW_PROMISE true
#else
#define MAY_SHOW_PROMISE (!DIFFERS(accepted))
#endif
proctype link(byte from; byte to) {
end:
  do
  :: atomic { open(from,to) && READS_SHARD_TABLE(to) && DIFFERS(received) -> LAND(received) }
  /* The reader looks at finals only where it sees wedged, so these land as one step, as if all landed with the last. */
  :: atomic { open(from,to) && !acted[to] && (DIFFERS(suspected) || DIFFERS(finals) || DIFFERS(wedged)) ->
       printf("rank %d sees suspicions and wedge of rank %d\n", to, from);
       LAND(suspected); LAND(finals); LAND(wedged) }
#if defined(SPLIT) && defined(BUG_BALLOT_BEFORE_RECORD)
  :: atomic { open(from,to) && !acted[to] && !DIFFERS(acceptedBallot) && DIFFERS(accepted) -> LAND(accepted) }
  :: atomic { open(from,to) && !acted[to] && DIFFERS(acceptedBallot) -> LAND(acceptedBallot) }
#elif defined(SPLIT)
  :: atomic { open(from,to) && !acted[to] && DIFFERS(accepted) -> LAND(accepted) }
  :: atomic { open(from,to) && !acted[to] && !DIFFERS(accepted) && DIFFERS(acceptedBallot) -> LAND(acceptedBallot) }
#else
  :: atomic { open(from,to) && !acted[to] && DIFFERS(accepted) -> printf("rank %d sees what rank %d accepted\n", to, from); LAND(accepted) }
#endif
  /* Only a promise to the reader's own ballot is ever looked at. */
  :: atomic { open(from,to) && !acted[to] && MAY_SHOW_PROMISE && current(from) == current(to) && current(to) != 0 && ownerOf(current(to)) == to && DIFFERS(promised) ->
       printf("rank %d sees the promise of rank %d\n", to, from); LAND(promised) }
  od
}

/* ---- What may go wrong. The last step gives up the rest of it, for where it is still possible nothing ever comes to rest. */
#define KILL(v) atomic { crashes < CRASHES && live(v) -> printf("rank %d dies\n", v); crashes++; dead[v] = true; d_step { forgetAll(v) } }
active proctype environment() {
end:
  do
  EACH(KILL)
  :: atomic { crashes < CRASHES || suspicions < SUSPICIONS || duels < DUELS ->
       crashes = CRASHES; suspicions = SUSPICIONS; duels = DUELS }
  od
}

/* ---- Time passes only where nothing else can happen: then somebody starts a new ballot, or all must be over. */
#define PAIR(i, k) (live(i) && live(k) && !suspects(i,k) && !suspects(k,i))
#if N == 3
#define IN_MAJORITY(i, k) (i != k && PAIR(i,k))
#else
#define TRIO(a, b, c) (PAIR(a,b) && PAIR(a,c) && PAIR(b,c))
#define IN_MAJORITY(i, k) (i != k && (TRIO(i,k,(i+k+1)%4) && i != (i+k+1)%4 && k != (i+k+1)%4 || TRIO(i,k,(i+k+2)%4) && i != (i+k+2)%4 && k != (i+k+2)%4 || TRIO(i,k,(i+k+3)%4) && i != (i+k+3)%4 && k != (i+k+3)%4 || TRIO(i,k,(i+k)%4) && i != (i+k)%4 && k != (i+k)%4))
#endif
#define IS_DEAD(p, i) dead[i]
#define AT_REST(p, i) (!ANY(IN_MAJORITY, i) || acted[i] || (!wedged[X(i,i)] && !ANY(IS_DEAD, 0)))
#define START_BALLOT(p) atomic { mayPrepare(p) -> prepare(p) }
active proctype clock() {
end:
  do
  :: timeout ->
     if
     EACH(START_BALLOT)
     :: else ->
        d_step { ended = ALL(AT_REST, 0) };
        /* not stuck */
        assert(ended);
        break
     fi
  od
}

init {
  atomic {
    run member(0); run member(1); run member(2);
    run link(0,1); run link(0,2); run link(1,0); run link(1,2); run link(2,0); run link(2,1);
#if N > 3
    run member(3);
    run link(0,3); run link(1,3); run link(2,3); run link(3,0); run link(3,1); run link(3,2);
#endif
  }
}
