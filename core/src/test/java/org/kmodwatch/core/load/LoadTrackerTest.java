package org.kmodwatch.core.load;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.kmodwatch.core.load.Call.SECOND;
import static org.kmodwatch.core.load.Call.START;
import static org.kmodwatch.core.load.LoadRecord.Outcome.FAILED;
import static org.kmodwatch.core.load.LoadRecord.Outcome.LOADED;
import static org.kmodwatch.core.load.LoadRecord.Outcome.REFUSED;
import static org.kmodwatch.core.load.LoadRecord.Outcome.UNKNOWN;
import static org.kmodwatch.core.load.LoadRecord.Outcome.UNLOADED;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContext.FileTrait;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord.Action;
import org.kmodwatch.core.testing.EventBuilder;

@NullMarked
final class LoadTrackerTest {

  private static final String NEVER_MAPPED =
      "could not be read from the caller's memory: the page was never mapped while the kernel"
          + " worked";

  private static final long YEARS = 7 * 365 * 86_400 * SECOND;

  /** Sets the time of the third event of a call, module_coming. */
  private static final long COMING = 3000;

  private static final LoadRecord.Gap NOT_RETURNED_BY_THEN =
      new LoadRecord.Gap("id", "replaces a record of this id: the call had not returned by then");

  private final List<LoadRecord> records = new ArrayList<>();
  private final List<Event> bases = new ArrayList<>();
  private final LoadTracker tracker =
      new LoadTracker(
          LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, "/sbin/modprobe"),
          (record, basis) -> {
            records.add(record);
            bases.add(basis);
          });

  @AfterEach
  void everyEventAndAttemptIsAccountedFor() {
    LoadTrackerStatistics s = tracker.statistics();
    assertThat(
            s.joined()
                + s.requestEvents()
                + s.lateReturns()
                + s.lateEvents()
                + s.duplicates()
                + s.outsideCalls()
                + s.unrelated())
        .isEqualTo(s.events());
    assertThat(s.recordsInAll() + s.summaries() + s.requestRecords()).isEqualTo(records.size());
    assertThat(s.recordsInAll() - s.corrected() + s.open() + s.held()).isEqualTo(s.attempts());
    assertThat(
            s.requestsWithAttempt()
                + s.requestsWithoutLoad()
                + s.requestsRefused()
                + s.requestsPending())
        .isEqualTo(s.requests());
  }

  @Test
  void paramsThatFillTheRoomForThem_haveAGap() {
    feed(Call.finit(10, 0).params("p".repeat(4094)).loaded());
    feed(Call.finit(11, 50).params("p".repeat(4095)).loaded());

    // The sensor writes a byte that is not UTF-8 as four characters.
    feed(Call.finit(12, 100).params("\\xff".repeat(4094)).loaded());
    feed(Call.finit(13, 150).params("\\xff".repeat(4095)).loaded());

    assertThat(records)
        .extracting(record -> record.hasGap("route.params"))
        .containsExactly(false, true, false, true);
    assertThat(records.get(1).gaps())
        .containsExactly(new LoadRecord.Gap("route.params", "no more than 4095 bytes are taken"));
  }

  /**
   * Covers a caller that changes the page between the two reads: it shows one value, and loads with
   * another.
   */
  @Test
  void params_areThoseThatTheKernelCopied_andAGapSaysThatTheCallersWereOthers() {
    feed(Call.finit(10, 0).params("x=2").handOver().coming(0).load().params("x=1").returns(0));
    feed(Call.finit(11, 50).params("x=2").loaded());

    assertThat(records)
        .extracting(load -> load.route().params(), LoadRecord::gaps)
        .containsExactly(
            tuple(
                "x=2",
                List.of(
                    new LoadRecord.Gap(
                        "route.params",
                        "the caller's memory had others before the kernel took its copy, which is"
                            + " here"))),
            tuple("x=2", List.of()));
  }

  @Test
  void ancestorsPastTheEighth_areAGap() {
    feed(Call.finit(10, 0).ancestors(lineage(8, 1)).loaded());
    feed(Call.finit(11, 50).ancestors(lineage(8, 300)).loaded());

    assertThat(records)
        .extracting(LoadRecord::gaps)
        .containsExactly(
            List.of(), List.of(new LoadRecord.Gap("loader.ancestors", "no more than 8 are taken")));
  }

  private static List<SensorContext.Ancestor> lineage(int count, int last) {
    var lineage = new ArrayList<SensorContext.Ancestor>();
    for (int i = 1; i < count; i++) {
      lineage.add(new SensorContext.Ancestor(4000 - i, "sh", "/bin/sh", 5));
    }
    lineage.add(new SensorContext.Ancestor(last, "init", "/sbin/init", 5));
    return lineage;
  }

  @Test
  void versionsThatFillTheRoomForThem_haveAGap() {
    feed(Call.finit(10, 0).versions("v".repeat(4095), "s".repeat(4094)).loaded());

    assertThat(only().gaps())
        .containsExactly(new LoadRecord.Gap("module.version", "no more than 4095 bytes are taken"));
  }

  @Test
  void paramsOnAPageThatWasNeverMapped_haveAGapThatSaysSo() {
    feed(Call.finit(10, 0).paramsUnread().handOver().returns(-129));
    feed(Call.delete(11, 50).paramsUnread().returns(-1));
    feed(Call.finit(12, 100).stringsHidden().handOver().returns(-129));

    assertThat(records)
        .extracting(LoadRecord::gaps)
        .containsExactly(
            List.of(new LoadRecord.Gap("route.params", NEVER_MAPPED)),
            List.of(new LoadRecord.Gap("module.name", NEVER_MAPPED)),
            List.of(
                new LoadRecord.Gap("route.params", "could not be read from the caller's memory")));
  }

  @Test
  void loadFromFile_isOneRecordWithAllThatIsKnown() {
    feed(Call.finit(10, 0).named("dummy").params("a=1").flags(2).unsigned(0).loaded());

    LoadRecord record = only();
    assertThat(record.outcome()).isEqualTo(LOADED);
    assertThat(record.id()).isEqualTo(Long.toHexString(START) + "-a");
    assertThat(record.timeNanos()).isEqualTo(START);
    assertThat(record.durationNanos()).isEqualTo(6000);
    assertThat(record.host().name()).isEqualTo("wren");
    assertThat(record.route())
        .isEqualTo(
            new LoadRecord.Route(
                "finit_module", "native", List.of("IGNORE_VERMAGIC"), "a=1", false, null, false));
    assertThat(record.module())
        .isEqualTo(
            LoadRecord.ModuleDetails.ofKernel(
                "dummy", "1.2", "ABC", List.of("OUT_OF_TREE", "UNSIGNED"), 4096L, List.of()));
    LoadRecord.ModuleFile file = record.file();
    assertThat(file).isNotNull();
    assertThat(file.place()).isEqualTo(LoadRecord.Place.HOME);
    LoadRecord.ProcessDetails loader = record.loader();
    assertThat(loader).isNotNull();
    assertThat(loader.args()).containsExactly("insmod", "x.ko");
    assertThat(loader.capabilities()).hasSize(41).contains("CAP_SYS_MODULE");
    assertThat(loader.loginUid()).isNull();
    assertThat(record.gaps()).isEmpty();
    assertThat(bases.getFirst().eventName()).isEqualTo("finit_module");
  }

  @Test
  void loadFromMemory_isMemoryOnly() {
    feed(Call.init(10, 0).loaded());

    assertThat(only().route().memoryOnly()).isTrue();
    assertThat(only().file()).isNull();
    assertThat(only().gaps()).isEmpty();
  }

  /** Covers module names: anybody may name a file after a module, but nobody else has the key. */
  @Test
  void moduleInMemory_isFromAFileOfItsName_onlyWhereTheKernelTrustsItsSignature() {
    Call trusted = Call.init(10, 0).named("x").open("/root/x.ko", 88).signatureChecked(0);
    Call unsigned = Call.init(11, 0).named("x").open("/root/x.ko", 88).signatureChecked(0);
    unsigned.unsigned(0);
    Call unseen = Call.init(12, 0).named("x").open("/root/x.ko", 88);
    Call other = Call.init(13, 0).named("y").open("/root/x.ko", 88).signatureChecked(0);

    for (Call call : List.of(trusted, unsigned, unseen, other)) {
      feed(call.loaded());
    }

    assertThat(records)
        .extracting(
            record -> record.file() == null ? null : record.file().path(),
            record -> record.route().memoryOnly(),
            record -> record.gaps().stream().map(LoadRecord.Gap::why).findFirst().orElse(""))
        .containsExactly(
            tuple(
                "/root/x.ko",
                false,
                "by its name alone: no image was seen that it could be compared with"),
            tuple(null, true, NOT_COMPARED),
            tuple(null, true, NOT_COMPARED),
            tuple(null, true, NOT_COMPARED));
  }

  private static final String NOT_COMPARED =
      "the loader had a module file open, and whether the module is from it is not known: no image"
          + " was seen that it could be compared with";

  @Test
  void moduleThatReadsAnotherInItsInit_hasNotThatOnesFile() {
    Call call = Call.init(10, 0).file("/root/other.ko", 88);
    feed(call.handOver().coming(0).load().read(0).taken(0).initReturns(0).returns(0));

    assertThat(only().file()).isNull();
    assertThat(only().route().memoryOnly()).isTrue();
  }

  @Test
  void fileInTheTree_isOfTheDistribution_unlessItIsAnotherHere() {
    String path = "/usr/lib/modules/6.12/kernel/x.ko";
    feed(Call.finit(10, 0).file(path, 5).loaded());
    feed(Call.finit(11, 20).file(path, 5).fileIsHere(true).loaded());
    feed(Call.finit(12, 40).file(path, 5).fileIsHere(false).loaded());

    assertThat(records)
        .extracting(load -> Objects.requireNonNull(load.file()).place())
        .containsExactly(
            LoadRecord.Place.DISTRIBUTION, LoadRecord.Place.DISTRIBUTION, LoadRecord.Place.OTHER);
  }

  @Test
  void deletedMemfd_isToldWithItsPlace() {
    feed(
        Call.finit(10, 0)
            .file("/memfd:kwload", 5)
            .fileIs(FileTrait.DELETED, FileTrait.ANONYMOUS)
            .loaded());

    LoadRecord.ModuleFile file = only().file();
    assertThat(file).isNotNull();
    assertThat(file.path()).isEqualTo("/memfd:kwload");
    assertThat(file.deleted()).isTrue();
    assertThat(file.place()).isEqualTo(LoadRecord.Place.MEMFD);
  }

  @Test
  void fileThatIsNamedAsADeletedOne_orAMemfd_isNotTakenForIt() {
    feed(Call.finit(10, 0).file("/tmp/x.ko (deleted)", 5).loaded());
    feed(Call.finit(11, 50).file("/memfd:x.ko", 6).loaded());

    assertThat(records)
        .extracting(record -> requireNonNull(record.file()))
        .extracting(
            LoadRecord.ModuleFile::path,
            LoadRecord.ModuleFile::deleted,
            LoadRecord.ModuleFile::place)
        .containsExactly(
            tuple("/tmp/x.ko (deleted)", false, LoadRecord.Place.TEMPORARY),
            tuple("/memfd:x.ko", false, LoadRecord.Place.OTHER));
  }

  @Test
  void unload_isUnloaded() {
    feed(Call.delete(10, 0).named("dummy").flags(0x800).free().returns(0));

    assertThat(only().outcome()).isEqualTo(UNLOADED);
    assertThat(only().action()).isEqualTo(LoadRecord.Action.UNLOAD);
    assertThat(only().module().name()).isEqualTo("dummy");
    assertThat(only().route().flags()).containsExactly("O_NONBLOCK");
    assertThat(only().gaps()).isEmpty();
  }

  @Test
  void initThatFails_mayHaveRunItsCode() {
    feed(Call.finit(10, 0).handOver().coming(0).load().free().initReturns(-19).returns(-19));

    assertThat(only().outcome()).isEqualTo(FAILED);
    assertThat(only().errno()).isEqualTo("ENODEV");
    assertThat(only().reason()).contains("init function ran").contains("ENODEV");
    assertThat(only().codeMayHaveRun()).isTrue();
  }

  @Test
  void parameterThatRefuses_mayHaveRunItsCode() {
    feed(Call.finit(10, 0).handOver().coming(0).returns(-13));

    assertThat(only().outcome()).isEqualTo(FAILED);
    assertThat(only().codeMayHaveRun()).isTrue();
    assertThat(only().reason()).contains("parameters failed with EACCES");
  }

  @Test
  void signatureRefused_ranNothing() {
    feed(Call.finit(10, 0).handOver().returns(-129));

    assertThat(only().outcome()).isEqualTo(REFUSED);
    assertThat(only().errno()).isEqualTo("EKEYREJECTED");
    assertThat(only().codeMayHaveRun()).isFalse();
  }

  @Test
  void callReportedWithoutReturn_isLoadedWithAGap_untilItsReturnReplacesTheRecord() {
    Call call = Call.init(10, 0).handOver().coming(0).load();
    feed(call);
    feed(Call.init(10, 0).unreturned());
    tracker.tick(START + 5 * SECOND);
    assertThat(records).as("its code could run for less than 5 s").isEmpty();
    tracker.tick(START + 5 * SECOND + COMING);

    assertThat(only().outcome()).isEqualTo(LOADED);
    assertThat(fields(only())).containsExactly("returnValue");
    assertThat(only().returnValue()).isNull();
    assertThat(bases.getFirst().eventName()).isEqualTo("module_load");
    call.events.clear();
    feed(call.free().initReturns(-19));
    feed(Call.init(10, 0).lateReturn(-19));

    LoadRecord last = second();
    assertThat(last.outcome()).isEqualTo(FAILED);
    assertThat(last.errno()).isEqualTo("ENODEV");
    assertThat(last.reason()).contains("init function ran").contains("ENODEV");
    assertThat(last.codeMayHaveRun()).isTrue();
    assertThat(last.durationNanos()).isEqualTo(7 * SECOND);
    assertThat(last.route().syscall()).isEqualTo("init_module");
    assertThat(last.gaps()).containsExactly(NOT_RETURNED_BY_THEN);
    assertThat(bases.getLast().eventName()).isEqualTo("init_module");
    assertThat(tracker.statistics().lateReturns()).isEqualTo(1);
    assertThat(tracker.statistics().corrected()).isEqualTo(1);
    assertThat(tracker.awaitsReturns()).isFalse();
  }

  @Test
  void recordMadeBeforeTheReturn_hasTheProcessThatLoads() {
    feed(Call.finit(10, 0).params("a=1").flags(2).handOver().coming(0));
    feed(Call.finit(10, 0).params("a=1").flags(2).unreturned());
    tracker.tick(START + 6 * SECOND);

    LoadRecord.ProcessDetails loader = only().loader();
    assertThat(loader).isNotNull();
    assertThat(loader.args()).containsExactly("insmod", "x.ko");
    assertThat(loader.capabilities()).contains("CAP_SYS_MODULE");
    assertThat(loader.ancestors()).hasSize(1);
    assertThat(only().route().flags()).containsExactly("IGNORE_VERMAGIC");
    assertThat(only().route().params()).isEqualTo("a=1");
    assertThat(fields(only())).containsExactly("returnValue", "image", "module.license");
    assertThat(tracker.awaitsReturns()).isTrue();
  }

  @Test
  void deadline_beginsWhenCodeOfTheModuleCanRun_andNotBefore() {
    Call slow = Call.finit(10, 0).read(0);
    feed(slow);
    feed(Call.finit(10, 0).unreturned());
    slow.events.clear();
    feed(slow.at(8 * SECOND).coming(0).load());
    tracker.tick(START + 12 * SECOND);
    assertThat(records).isEmpty();
    slow.events.clear();
    feed(slow.initReturns(-19));
    feed(Call.finit(10, 0).lateReturn(-19, 12 * SECOND));

    assertThat(only().outcome()).isEqualTo(FAILED);
    assertThat(only().gaps()).isEmpty();
  }

  @Test
  void slowParameter_whoseModuleComesToBeInPlaceLater_hasAllOfItInTheSecondRecord() {
    Call slow = Call.finit(10, 0).handOver().coming(0x1000);
    feed(slow);
    feed(Call.finit(10, 0).unreturned());
    tracker.tick(START + 6 * SECOND);
    assertThat(only().module().srcversion()).isNull();
    slow.events.clear();
    feed(slow.at(8 * SECOND).load().initReturns(0));
    feed(Call.finit(10, 0).lateReturn(0, 9 * SECOND));

    LoadRecord last = second();
    assertThat(last.outcome()).isEqualTo(LOADED);
    assertThat(last.returnValue()).isZero();
    assertThat(last.durationNanos()).isEqualTo(9 * SECOND);
    assertThat(last.module().srcversion()).isEqualTo("ABC");
    assertThat(last.gaps()).containsExactly(NOT_RETURNED_BY_THEN);
  }

  @Test
  void slowAutoload_hasItsRequester_inBothRecords() {
    feed(Call.request(50, 0).uid(65534).asks("net-pf-38"));
    Call slow = Call.finit(60, SECOND).helperFor("net-pf-38", 100_000).handOver().coming(0).load();
    feed(slow);
    feed(Call.finit(60, SECOND).helperFor("net-pf-38", 100_000).unreturned());
    assertThat(tracker.statistics().requestsWithAttempt()).isEqualTo(1);
    tracker.tick(START + 7 * SECOND);
    LoadRecord.Requester first = only().requester();
    assertThat(first).isNotNull();
    assertThat(first.process().uid()).isEqualTo(65534);
    assertThat(only().route().autoload()).isTrue();
    feed(Call.finit(60, SECOND).helperFor("net-pf-38", 100_000).lateReturn(-19, 9 * SECOND));

    assertThat(second().requester()).isEqualTo(first);
    assertThat(second().outcome()).isEqualTo(FAILED);
  }

  @Test
  void request_isNotWithoutLoad_whileItsLoaderReadsForLongerThanItWouldWait() {
    feed(Call.request(50, 0).uid(65534).asks("net-pf-38"));
    feed(Call.finit(60, SECOND).helperFor("net-pf-38", 100_000).read(0));
    feed(Call.finit(60, SECOND).helperFor("net-pf-38", 100_000).unreturned());
    tracker.tick(START + 100 * SECOND);

    assertThat(tracker.statistics().requestsWithoutLoad()).isZero();
    assertThat(tracker.statistics().requestsWithAttempt()).isEqualTo(1);
    Call end = Call.finit(60, SECOND).helperFor("net-pf-38", 100_000);
    feed(end.lateReturn(-8, 101 * SECOND));
    assertThat(only().requester()).isNotNull();
  }

  @Test
  void returnWithinTheTimeThatTheRecordIsHeldBack_makesOneRecord() {
    feed(Call.init(60, 0).helperFor("net-pf-38", 0).handOver().coming(0).load());
    feed(Call.init(60, 0).helperFor("net-pf-38", 0).unreturned());
    tracker.tick(START + 5 * SECOND + COMING);
    assertThat(records).as("no request was seen: it waits for one").isEmpty();
    feed(Call.init(60, 0).helperFor("net-pf-38", 0).lateReturn(-19));
    tracker.tick(START + 9 * SECOND);

    assertThat(only().outcome()).isEqualTo(FAILED);
    assertThat(fields(only())).containsExactly("requester");
  }

  @Test
  void waiterOnASlowFailure_hasItsOutcome() {
    Call slow = Call.finit(10, 0).handOver().coming(0).load();
    feed(slow);
    feed(Call.finit(10, 0).unreturned());
    tracker.tick(START + 6 * SECOND);
    feed(Call.finit(10, 0).lateReturn(-19, 8 * SECOND));
    feed(Call.finit(11, 100).returns(-19, 8 * SECOND + 5));
    tracker.tick(START + 10 * SECOND);

    assertThat(record(11).waitedOn()).isEqualTo(record(10).id());
    assertThat(record(11).outcome()).isEqualTo(FAILED);
    assertThat(record(11).reason()).contains("init function ran");
  }

  @Test
  void outcome_isKnown_whenACallReturnsThatWasReportedWhileTheSensorWasBlind() {
    tracker.accept(sensor("sensor_blind", "rings", 0), List.of());
    feed(Call.finit(10, SECOND).handOver());
    tracker.tick(START + 7 * SECOND);
    assertThat(only().outcome()).isEqualTo(UNKNOWN);
    feed(Call.finit(10, SECOND).returns(-129, 8 * SECOND));

    assertThat(second().outcome()).isEqualTo(REFUSED);
    assertThat(second().gaps()).containsExactly(NOT_RETURNED_BY_THEN);
  }

  @Test
  void callThatIsSlowBeforeItsCodeCanRun_isOneRecord_whenItsModuleIsInPlace() {
    feed(Call.init(10, 0).handOver());
    feed(Call.init(10, 0).unreturned());
    tracker.tick(START + 60 * SECOND);
    assertThat(records).isEmpty();
    feed(Call.init(10, 0).at(60 * SECOND).load());
    tracker.tick(START + 61 * SECOND);

    assertThat(records).as("nobody knows yet that its code does not return").isEmpty();
    feed(Call.init(10, 0).lateReturn(0, 62 * SECOND));
    assertThat(only().outcome()).isEqualTo(LOADED);
    assertThat(only().gaps()).isEmpty();
  }

  @Test
  void callThatIsSlowBeforeItsCodeCanRun_isOneRecord_whenItIsRefusedLate() {
    feed(Call.init(10, 0).handOver());
    feed(Call.init(10, 0).unreturned());
    feed(Call.init(10, 0).lateReturn(-129));

    assertThat(only().outcome()).isEqualTo(REFUSED);
    assertThat(only().returnValue()).isEqualTo(-129);
    assertThat(only().route().syscall()).isEqualTo("init_module");
    assertThat(only().durationNanos()).isEqualTo(7 * SECOND);
    assertThat(only().gaps()).isEmpty();
    assertThat(bases.getFirst().eventName()).isEqualTo("init_module");
    assertThat(tracker.statistics().lateReturns()).isZero();
  }

  @Test
  void parameterCodeThatDoesNotReturn_isInTheKernel_andItsReturnReplacesTheRecord() {
    feed(Call.finit(10, 0).handOver().coming(0));
    tracker.tick(START + 6 * SECOND);
    feed(Call.finit(10, 0).load());

    assertThat(only().outcome()).isEqualTo(LOADED);
    assertThat(fields(only())).contains("returnValue");
    feed(Call.finit(10, 0).returns(0, 9 * SECOND));
    assertThat(second().outcome()).isEqualTo(LOADED);
    assertThat(second().gaps()).containsExactly(NOT_RETURNED_BY_THEN);
    assertThat(tracker.statistics().lateReturns()).isEqualTo(1);
  }

  @Test
  void attemptThatWasEvicted_isCorrectedUnderTheSameId_ifItsModuleIsInPlaceAfterThat() {
    for (int i = 0; i < 4097; i++) {
      feed(Call.finit(i, i).handOver());
    }
    feed(Call.finit(0, 0).load());

    assertThat(records).extracting(LoadRecord::outcome).containsExactly(FAILED, LOADED);
    assertThat(records.get(1).id()).isEqualTo(records.get(0).id());
    assertThat(fields(records.get(1))).contains("id");
  }

  @Test
  void tick_reportsALoadThatDoesNotReturn_once() {
    Call call = Call.finit(10, 0).handOver().coming(0).load();
    feed(call);
    tracker.tick(START + 4 * SECOND);
    assertThat(records).isEmpty();
    tracker.tick(START + 5 * SECOND + COMING);
    tracker.tick(START + 6 * SECOND);

    assertThat(only().outcome()).isEqualTo(LOADED);
    assertThat(fields(only())).contains("returnValue");
  }

  @Test
  void waiter_isLoadedAndNamesWhomItWaitedOn_inEitherOrder() {
    Call main = Call.finit(10, 0).handOver().coming(0).load().initReturns(0).returns(0, SECOND);
    feed(Call.finit(11, 100).returns(0, SECOND + 5));
    assertThat(records).isEmpty();
    feed(main);
    feed(Call.finit(12, 200).returns(0, SECOND + 6));
    assertThat(records).hasSize(1);
    tracker.tick(START + 3 * SECOND);

    assertThat(records).hasSize(3).allMatch(r -> r.outcome() == LOADED && r.gaps().isEmpty());
    String id = record(10).id();
    assertThat(record(11).waitedOn()).isEqualTo(id);
    assertThat(record(12).waitedOn()).isEqualTo(id);
    assertThat(record(10).waitedOn()).isNull();
  }

  /**
   * Covers a waiter whose start is only known to be after its thread's start: its own time is that
   * of its end.
   */
  @Test
  void waiterInAContainer_namesWhomItWaitedOn_thoughItHasAnotherHostName() {
    feed(Call.finit(10, 0).handOver().coming(0).load().initReturns(0).returns(0, SECOND));
    feed(Call.finit(11, 5).named("7f3a", 4026532999L).returns(0, SECOND + 5));
    feed(Call.finit(12, 6).named("owl", 4026531838L).returns(0, SECOND + 6));
    tracker.tick(START + 3 * SECOND);

    assertThat(record(11).waitedOn()).isEqualTo(record(10).id());
    assertThat(record(12).waitedOn()).as("on another host").isNull();
  }

  @Test
  void waiter_namesWhomItWaitedOn_whenItsEntryWasMissed() {
    Call main = Call.finit(10, 0).handOver().coming(0).load().initReturns(0).returns(0, SECOND);
    feed(main);
    feed(Call.finit(11, SECOND + 5).entryMissed().threadStarted(0).returns(0, SECOND + 5));
    feed(Call.finit(12, SECOND + 6).entryMissed().threadStarted(SECOND + 1).returns(0, SECOND + 6));
    tracker.tick(START + 3 * SECOND);

    assertThat(record(11).waitedOn()).isEqualTo(record(10).id());
    assertThat(record(12).waitedOn()).isNull();
  }

  @Test
  void waiterOnAFailure_hasItsOutcome() {
    feed(Call.finit(10, 0).handOver().returns(-129, SECOND));
    feed(Call.finit(11, 100).returns(-129, SECOND + 5));
    tracker.tick(START + 3 * SECOND);

    assertThat(record(11).outcome()).isEqualTo(REFUSED);
    assertThat(record(11).waitedOn()).isEqualTo(record(10).id());
    assertThat(record(11).reason()).contains("another attempt").contains("signature");
  }

  @Test
  void waiter_isNotJoinedToAnotherFileNorToAnEarlierLoad() {
    feed(Call.finit(10, 0).file("/a", 1).loaded());
    feed(Call.finit(11, 0).file("/b", 2).loaded());
    feed(Call.finit(12, 2 * SECOND).file("/b", 2).returns(0, 3 * SECOND));
    tracker.tick(START + 3 * SECOND + SECOND / 2);
    assertThat(records).hasSize(2);
    tracker.tick(START + 4 * SECOND);

    assertThat(record(12).waitedOn()).isNull();
    assertThat(fields(record(12))).contains("waitedOn");
  }

  @Test
  void secondTryFromMemory_isLinkedToTheFirst() {
    feed(Call.finit(10, 0).handOver().returns(-8));
    feed(Call.init(10, SECOND / 2).loaded());

    assertThat(records.get(1).retryOf()).isEqualTo(records.get(0).id());
  }

  @Test
  void secondTry_isNotLinkedToAnotherModuleNorThreadNorLongBefore() {
    feed(Call.finit(10, 0).named("a").handOver().returns(-17));
    feed(Call.init(10, SECOND / 2).named("b").loaded());
    feed(Call.finit(11, 0).handOver().returns(-8));
    feed(Call.init(12, SECOND / 2).loaded());
    feed(Call.finit(13, 0).handOver().returns(-8));
    feed(Call.init(13, 3 * SECOND).loaded());

    assertThat(records).hasSize(6).allMatch(r -> r.retryOf() == null);
  }

  @Test
  void requestThatWasReportedBefore_isNotWithoutAnAsker_onItsOwnHostAlone() {
    long initial = 0xEFFFFFFEL;
    feed(Call.request(50, 0).named("a", initial).uid(65534).asks("net-pf-38"));
    tracker.tick(START + 61 * SECOND);
    feed(
        Call.init(60, 70 * SECOND)
            .named("a", initial)
            .helperFor("net-pf-38", 70 * SECOND)
            .loaded());
    feed(
        Call.init(61, 70 * SECOND)
            .named("b", initial)
            .helperFor("net-pf-38", 70 * SECOND)
            .loaded());
    tracker.tick(START + 72 * SECOND);

    assertThat(records)
        .filteredOn(record -> !record.isRequest())
        .extracting(record -> record.host().name(), LoadRecord::gaps)
        .containsExactly(
            tuple(
                "a",
                List.of(
                    new LoadRecord.Gap(
                        "requester",
                        "who asked for net-pf-38 is not known any more: the request was reported"
                            + " before"))),
            tuple(
                "b",
                List.of(
                    new LoadRecord.Gap("requester", "no process was seen to ask for net-pf-38"))));
  }

  @Test
  void requester_isJoinedToModprobeAndAllItsLoads() {
    feed(Call.request(50, 0).uid(65534).asks("net-pf-38"));
    feed(Call.finit(60, SECOND).helperFor("net-pf-38", 100_000).named("dep").loaded());
    feed(Call.finit(60, 2 * SECOND).helperFor("net-pf-38", 100_000).named("af_alg").loaded());
    tracker.finish();

    assertThat(records).hasSize(2);
    assertThat(records)
        .allSatisfy(
            record -> {
              LoadRecord.Requester requester = record.requester();
              assertThat(requester).isNotNull();
              assertThat(requester.alias()).isEqualTo("net-pf-38");
              assertThat(requester.process().uid()).isEqualTo(65534);
              assertThat(requester.process().hostPid()).isEqualTo(50);
              assertThat(requester.modprobePath()).isNull();
              assertThat(record.route().autoload()).isTrue();
              assertThat(record.gaps()).isEmpty();
            });
    assertThat(tracker.statistics().requests()).isEqualTo(1);
    assertThat(tracker.statistics().requestsWithAttempt()).isEqualTo(1);
  }

  @Test
  void requester_isJoined_whenTheClockIsSetBetweenTheTwo() {
    feed(Call.request(50, 0).uid(65534).asks("net-pf-38"));
    tracker.tick(START + SECOND);
    feed(Call.finit(60, SECOND).helperFor("net-pf-38", 100_000).clockSetBy(-YEARS).loaded());

    LoadRecord record = only();
    assertThat(record.requester()).isNotNull();
    assertThat(record.timeNanos()).isEqualTo(START + SECOND - YEARS);
    assertThat(record.gaps()).isEmpty();
  }

  @Test
  void callThatDoesNotReturn_isReportedInTime_whenTheClockWasSetBack() {
    feed(Call.init(10, 0).clockSetBy(-YEARS).handOver().coming(0).load());
    tracker.tick(START + 5 * SECOND + COMING - 1);
    assertThat(records).isEmpty();
    tracker.tick(START + 5 * SECOND + COMING);

    assertThat(only().outcome()).isEqualTo(LOADED);
    assertThat(only().id()).isEqualTo(Long.toHexString(START - YEARS) + "-a");
    assertThat(fields(only())).contains("returnValue");
  }

  @Test
  void slowLoad_isOneRecord_whenTheClockIsSetBackWhileItsInitRuns() {
    Call slow = Call.init(10, 0).handOver().coming(0).load();
    feed(slow);
    slow.events.clear();
    feed(Call.finit(11, SECOND).clockSetBy(-YEARS).loaded());
    tracker.tick(START + 3 * SECOND);
    feed(slow.initReturns(0).returns(0));
    tracker.tick(START + 20 * SECOND);

    assertThat(records).hasSize(2);
    assertThat(record(10).outcome()).isEqualTo(LOADED);
    assertThat(record(10).gaps()).isEmpty();
    assertThat(record(11).durationNanos()).isEqualTo(6000);
  }

  @Test
  void secondTry_isLinked_whenTheClockIsSetBetweenTheTwo() {
    feed(Call.finit(10, 0).handOver().returns(-8));
    feed(Call.init(10, SECOND / 2).clockSetBy(YEARS).loaded());

    assertThat(record(10).retryOf()).isNull();
    assertThat(records.getLast().retryOf()).isEqualTo(records.getFirst().id());
  }

  @Test
  void callsThatNeverReturn_areForgotten_afterADay() {
    feed(Call.init(10, 0).handOver().coming(0).load());
    tracker.tick(START + 6 * SECOND);
    assertThat(records).hasSize(1);
    tracker.tick(START + 906 * SECOND);
    assertThat(tracker.awaitsReturns()).isTrue();
    tracker.tick(START + 907 * SECOND);
    assertThat(tracker.awaitsReturns()).as("it is not likely any more").isFalse();
    tracker.tick(START + 86_406 * SECOND);
    assertThat(tracker.statistics().forgotten()).isZero();
    tracker.tick(START + 86_407 * SECOND);

    assertThat(tracker.statistics().forgotten()).isEqualTo(1);
    Call late = Call.init(10, 0);
    feed(late.initReturns(0).lateReturn(0));
    assertThat(records).as("what comes after that makes no second record").hasSize(1);
    assertThat(tracker.statistics().lateEvents()).isEqualTo(1);
    assertThat(tracker.statistics().lateReturns()).isEqualTo(1);
  }

  @Test
  void hungLoadsOfLargeEvents_areForgotten_whenTheyTakeTooMuchMemory() {
    for (int thread = 1; thread <= 560; thread++) {
      feed(Call.init(thread, thread).params("p".repeat(50_000)).handOver().coming(0).load());
    }
    tracker.tick(START + 6 * SECOND);

    assertThat(records).hasSize(560);
    assertThat(tracker.statistics().forgotten()).isBetween(200L, 559L);
  }

  @Test
  void openCallsOfLargeEvents_areReportedEarly_whenTheyTakeTooMuchMemory() {
    for (int thread = 1; thread <= 560; thread++) {
      feed(Call.init(thread, thread).params("p".repeat(50_000)).handOver().coming(0));
    }

    assertThat(tracker.statistics().evicted()).isPositive();
    assertThat(fields(records.getFirst())).contains("returnValue");
    tracker.finish();
    assertThat(records).hasSize(560);
  }

  @Test
  void requestsOfLargeEvents_areForgotten_whenTheyTakeTooMuchMemory() {
    for (int thread = 1; thread <= 1000; thread++) {
      feed(Call.request(thread, thread).asks("net-pf-" + "x".repeat(5000) + thread));
    }

    assertThat(tracker.statistics().requestsWithoutLoad()).isBetween(400L, 999L);
    assertThat(tracker.statistics().requestsPending()).isPositive();
  }

  @Test
  void failedLoads_keepNoLongName() {
    var other =
        new LoadTracker(
            LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null), (record, basis) -> {});
    long before = usedHeap();
    for (int thread = 1; thread <= 1000; thread++) {
      Call.finit(thread, thread)
          .named(thread + "n".repeat(100_000))
          .coming(0)
          .returns(-22)
          .events
          .forEach(event -> other.accept(event, List.of()));
    }

    assertThat(usedHeap() - before).isLessThan(24 << 20);
    assertThat(other.statistics().joined()).isEqualTo(2000);
  }

  private static long usedHeap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  @Test
  void requestOfAHelper_isNotKeptForEver() {
    feed(Call.request(50, 0).asks("net-pf-38"));
    feed(Call.finit(60, SECOND).helperFor("net-pf-38", 100_000).named("dep").loaded());
    tracker.tick(START + 901 * SECOND);
    feed(Call.finit(60, 902 * SECOND).helperFor("net-pf-38", 100_000).named("late").loaded());
    tracker.tick(START + 910 * SECOND);

    assertThat(records.getFirst().requester()).isNotNull();
    assertThat(records.getLast().requester()).isNull();
    assertThat(fields(records.getLast())).contains("requester");
  }

  @Test
  void requestWithoutAName_isAGap_andNoReasonToTakeAnothers() {
    feed(Call.request(50, 0).asks("net-pf-38"));
    feed(Call.request(51, 2 * SECOND).uid(65534).asks(""));
    feed(Call.finit(60, 3 * SECOND).helperFor("net-pf-38", 2 * SECOND + 1000_000).loaded());
    tracker.finish();

    assertThat(record(60).requester()).isNull();
    assertThat(record(60).gaps())
        .containsExactly(
            new LoadRecord.Gap(
                "requester",
                "of what was asked for, one name could not be read: it may have been net-pf-38"));
  }

  @Test
  void requestWithoutAName_takesNothingFromALaterOneThatHasOne() {
    feed(Call.request(51, 0).uid(65534).asks(""));
    feed(Call.request(50, 2 * SECOND).asks("net-pf-38"));
    feed(Call.finit(60, 3 * SECOND).helperFor("net-pf-38", 2 * SECOND + 1000_000).loaded());
    tracker.finish();

    LoadRecord.Requester requester = record(60).requester();
    assertThat(requester).isNotNull();
    assertThat(requester.process().hostPid()).isEqualTo(50);
  }

  @Test
  void refusalAtTheHookOfLockdown_isNotLockdowns_whereTheKernelIsNotLockedDown() {
    feed(Call.finit(10, 0).unsigned(-1).handOver().returns(-1));
    feed(Call.finit(11, 50).unsignedAndRefusedBy("security_locked_down").handOver().returns(-1));

    assertThat(records)
        .extracting(LoadRecord::outcome, LoadRecord::reason)
        .containsExactly(
            tuple(REFUSED, "the kernel is locked down, and the module has no valid signature"),
            tuple(
                REFUSED,
                "a security module said no: security_locked_down EPERM (Operation not"
                    + " permitted)"));
  }

  @Test
  void taints_areThoseOfModuleLoad_whereModuleComingWasNotSeen() {
    feed(Call.finit(10, 0).taints(0x3000).handOver().load().returns(0));
    feed(Call.finit(11, 50).taints(0x3000).handOver().coming(0x1000).load().returns(0));

    assertThat(records)
        .extracting(record -> record.module().taints())
        .containsExactly(List.of("OUT_OF_TREE", "UNSIGNED"), List.of("OUT_OF_TREE"));
  }

  @Test
  void fileThatWasLookedForLate_isAGap() {
    feed(Call.finit(10, 0).fileIs(FileTrait.LATE).entryMissed().read(0).load().returns(0, SECOND));

    assertThat(records.getFirst().file()).isNotNull();
    assertThat(records.getFirst().gaps())
        .contains(
            new LoadRecord.Gap(
                "file",
                "it was looked for only after it had been read: it is what the caller had open"
                    + " then, and may be another"));
  }

  @Test
  void pathsOfProgramsThatAreCut_haveAGap() {
    feed(Call.finit(10, 0).parent("…/d/sh").loaded());
    feed(Call.finit(11, 50).cgroup("/docker/…/x").loaded());

    assertThat(records)
        .extracting(LoadRecord::gaps)
        .containsExactly(
            List.of(new LoadRecord.Gap("loader.ancestors", "could not be read in full")),
            List.of(new LoadRecord.Gap("loader.cgroup", "could not be read in full")));
  }

  @Test
  void refusedRequest_isARecordAtOnce_andOneOnly() {
    Call request = Call.request(50, 0).uid(65534).asks("net-pf-38", -1);
    feed(request);
    LoadRecord record = only();
    feed(request);
    tracker.tick(START + 100 * SECOND);
    tracker.finish();

    assertThat(only()).isSameAs(record);
    assertThat(bases).containsExactly(request.events.getFirst());
    assertThat(record.action()).isEqualTo(Action.REQUEST);
    assertThat(record.outcome()).isEqualTo(REFUSED);
    assertThat(record.id()).isEqualTo(Long.toHexString(START + 1000) + "-32");
    assertThat(record.timeNanos()).isEqualTo(START + 1000);
    assertThat(record.returnValue()).isEqualTo(-1);
    assertThat(record.errno()).isEqualTo("EPERM");
    assertThat(record.reason())
        .isEqualTo(
            "a security module said no: security_kernel_module_request EPERM (Operation not"
                + " permitted)");
    LoadRecord.Requester requester = requireNonNull(record.requester());
    assertThat(requester.alias()).isEqualTo("net-pf-38");
    assertThat(requester.process().hostPid()).isEqualTo(50);
    assertThat(requester.process().uid()).isEqualTo(65534);
    assertThat(requester.process().cgroup()).isEqualTo("/system.slice/x");
    assertThat(requester.modprobePath()).isNull();
    assertThat(LoadRecords.toValue(record).fields().keySet())
        .containsExactly(
            "schema",
            "id",
            "time",
            "host",
            "action",
            "outcome",
            "returnValue",
            "errno",
            "reason",
            "requester",
            "repeats");
  }

  @Test
  void requestOfAContainer_isJoinedToTheLoad_thoughItHasAnotherHostName() {
    feed(Call.request(50, 0).named("7f3a", 4026532999L).asks("net-pf-38"));
    feed(Call.request(51, SECOND).named("owl", 4026531838L).asks("net-pf-39"));
    feed(Call.finit(60, SECOND).helperFor("net-pf-38", 100_000).loaded());
    feed(Call.finit(61, 2 * SECOND).helperFor("net-pf-39", 100_000).loaded());
    tracker.finish();

    assertThat(requireNonNull(record(60).requester()).process().hostPid()).isEqualTo(50);
    assertThat(record(61).requester()).as("asked for on another host").isNull();
    assertThat(records)
        .filteredOn(LoadRecord::isRequest)
        .extracting(record -> requireNonNull(record.requester()).alias())
        .containsExactly("net-pf-39");
  }

  @Test
  void requestThatLeadsToNoLoad_isARecord_onceItHasWaited() {
    feed(Call.request(50, 0).asks("net-pf-38"), "TRC-X");
    tracker.tick(START + 60 * SECOND);
    assertThat(records).isEmpty();
    tracker.tick(START + 61 * SECOND);
    tracker.tick(START + 62 * SECOND);
    tracker.finish();

    LoadRecord record = only();
    assertThat(record.action()).isEqualTo(Action.REQUEST);
    assertThat(record.outcome()).isEqualTo(FAILED);
    assertThat(record.reason()).isEqualTo("no load was seen for it within 60 s");
    assertThat(record.returnValue()).isNull();
    assertThat(record.findings()).containsExactly("TRC-X");
    assertThat(record.loader()).isNull();
    assertThat(record.gaps()).isEmpty();
  }

  @Test
  void requestAtTheEndOfTheInput_isARecordThatSaysSo() {
    feed(Call.request(50, 0).asks("net-pf-38"));
    tracker.finish();

    assertThat(only().outcome()).isEqualTo(FAILED);
    assertThat(only().reason()).isEqualTo("no load was seen for it before the input ended");
  }

  @Test
  void requestWhoseModprobeStillLoads_isNoRecord_andIsJoined() {
    feed(Call.request(50, 0).asks("net-pf-38"));
    Call slow = Call.finit(60, SECOND).helperFor("net-pf-38", 100_000).named("slow").handOver();
    feed(slow);
    tracker.tick(START + 70 * SECOND);
    assertThat(records).isEmpty();
    slow.events.clear();
    feed(slow.coming(0).load().returns(0, 80 * SECOND));
    tracker.tick(START + 85 * SECOND);

    assertThat(only().requester()).isNotNull();
  }

  @Test
  void requestWhoseModprobeFailed_isJoinedToThatAttempt_andIsNoRecord() {
    feed(Call.request(50, 0).asks("net-pf-38"));
    feed(Call.finit(60, SECOND).helperFor("net-pf-38", 100_000).handOver().returns(-19));
    tracker.tick(START + 70 * SECOND);
    tracker.finish();

    assertThat(only().action()).isEqualTo(Action.LOAD);
    assertThat(only().requester()).isNotNull();
  }

  @Test
  void load_answersAllWhoWaitForItsAlias_ofTheSameHost() {
    feed(Call.request(50, 0).asks("net-pf-38"));
    feed(Call.request(51, 50).asks("net-pf-38"));
    feed(Call.finit(60, SECOND).helperFor("net-pf-38", 100_000).loaded());
    feed(Call.request(52, 2 * SECOND).asks("net-pf-38"));
    tracker.finish();

    assertThat(records).hasSize(2);
    assertThat(records.getLast().requester())
        .returns(52, requester -> requester.process().hostPid());
    assertThat(tracker.statistics().requestsWithAttempt()).isEqualTo(2);
  }

  @Test
  void requestOfAnotherProducer_isNoRecord_ifALoadBeganAfterIt() {
    feed(Call.request(50, 0).noContext().asks("net-pf-38"));
    feed(Call.request(51, SECOND).noContext().asks("net-pf-38", -13));
    feed(Call.finit(60, 2 * SECOND).noContext().loaded());
    feed(Call.request(50, 3 * SECOND).noContext().asks("net-pf-39"));
    tracker.finish();

    assertThat(records)
        .extracting(LoadRecord::action, LoadRecord::outcome, LoadRecord::errno, LoadRecord::reason)
        .containsExactly(
            tuple(
                Action.REQUEST,
                REFUSED,
                "EACCES",
                "a security module said no: security_kernel_module_request EACCES (Permission"
                    + " denied)"),
            tuple(Action.LOAD, LOADED, null, null),
            tuple(Action.REQUEST, FAILED, null, "no load was seen for it before the input ended"));
    assertThat(fields(records.getFirst())).containsExactly("requester.args");
  }

  @Test
  void requestWithoutAName_hasAGap() {
    feed(Call.request(50, 0).asks("", -1));

    assertThat(requireNonNull(only().requester()).alias()).isNull();
    assertThat(fields(only())).containsExactly("requester.alias");
  }

  @Test
  void request_thatComesAfterItsLoad_isJoined() {
    feed(Call.finit(60, SECOND).helperFor("fs-xfs", 100_000).loaded());
    assertThat(records).isEmpty();
    feed(Call.request(50, 0).asks("fs-xfs"));

    assertThat(only().requester()).isNotNull();
  }

  @Test
  void modprobePath_isToldWhereItChanged() {
    feed(Call.request(50, 0).modprobePath("/tmp/evil").asks("fs-xfs"));
    feed(Call.finit(60, SECOND).helperFor("fs-xfs", 100_000).startedAs("/tmp/evil").loaded());

    LoadRecord.Requester requester = only().requester();
    assertThat(requester).isNotNull();
    assertThat(requester.modprobePath()).isEqualTo("/tmp/evil");
  }

  @Test
  void modprobePath_isToldByWhatWasStarted_evenIfItWasSetBackAtOnce() {
    feed(Call.request(50, 0).asks("fs-xfs"));
    feed(Call.finit(60, SECOND).helperFor("fs-xfs", 100_000).startedAs("/tmp/evil").loaded());

    LoadRecord.Requester requester = only().requester();
    assertThat(requester).isNotNull();
    assertThat(requester.modprobePath()).isEqualTo("/tmp/evil");
  }

  @Test
  void request_isNotJoinedToAModprobeOfAPersonNorOfAnotherAliasNorToAnEarlierOne() {
    feed(Call.request(50, SECOND).asks("fs-xfs"));
    feed(Call.finit(60, 2 * SECOND).helperFor("fs-xfs", SECOND + 9).parent("/bin/sh").loaded());
    feed(Call.finit(61, 2 * SECOND).helperFor("fs-btrfs", SECOND + 9).loaded());
    feed(Call.finit(62, SECOND / 2).helperFor("fs-xfs", 100).loaded());
    tracker.finish();

    assertThat(records.subList(0, 3)).allMatch(r -> r.requester() == null);
    assertThat(records).hasSize(4).last().returns(Action.REQUEST, LoadRecord::action);
    assertThat(record(60).route().autoload()).isFalse();
    assertThat(record(61).route().autoload()).isTrue();
    assertThat(fields(record(61))).containsExactly("requester");
    assertThat(tracker.statistics().requestsWithoutLoad()).isEqualTo(1);
  }

  @Test
  void latestRequestOfAnAlias_isTheOne_andTwoAtOnceAreUnclear() {
    feed(Call.request(50, 0).asks("fs-xfs"));
    feed(Call.request(51, 20 * SECOND).asks("fs-xfs"));
    feed(Call.finit(60, 21 * SECOND).helperFor("fs-xfs", 20 * SECOND + 9000).loaded());
    feed(Call.request(52, 40 * SECOND).asks("fs-ext4"));
    feed(Call.request(53, 40 * SECOND + 9).asks("fs-ext4"));
    feed(Call.finit(61, 41 * SECOND).helperFor("fs-ext4", 40 * SECOND + 9000).loaded());

    LoadRecord.Requester requester = record(60).requester();
    assertThat(requester).isNotNull();
    assertThat(requester.process().hostPid()).isEqualTo(51);
    assertThat(record(60).gaps()).isEmpty();
    assertThat(fields(record(61))).containsExactly("requester");
  }

  @Test
  void refusedRequest_isCountedAndNotJoined() {
    feed(Call.request(50, 0).asks("fs-xfs", -1));

    assertThat(tracker.statistics().requestsRefused()).isEqualTo(1);
    assertThat(tracker.statistics().requestsPending()).isZero();
  }

  @Test
  void loadWithoutACall_isARecordAtOnceWithAGap_andTheNextOnesAreNotJoinedToIt() {
    feed(Call.finit(10, 0).outside().load());
    assertThat(records).hasSize(1);
    feed(Call.finit(10, SECOND).outside().free());
    feed(Call.finit(10, 2 * SECOND).loaded());

    assertThat(records).extracting(LoadRecord::outcome).containsExactly(LOADED, UNLOADED, LOADED);
    assertThat(fields(records.get(0))).contains("route.syscall");
    assertThat(records.get(0).route().syscall()).isNull();
    assertThat(records).extracting(LoadRecord::id).doesNotHaveDuplicates();
    assertThat(records.get(2).gaps()).isEmpty();
  }

  @Test
  void attemptsThatWereHeldBack_areOneRecordThatStandsForAllOfThem() {
    tracker.accept(suppressed("finit_module", -1L, 182_340), List.of());
    tracker.accept(suppressed("", null, 7), List.of());

    assertThat(only().outcome()).isEqualTo(REFUSED);
    assertThat(only().errno()).isEqualTo("EPERM");
    assertThat(only().repeats()).isEqualTo(182_340);
    assertThat(only().timeNanos()).isEqualTo(START);
    assertThat(only().durationNanos()).isEqualTo(SECOND);
    assertThat(only().route().syscall()).isEqualTo("finit_module");
    assertThat(only().reason()).startsWith("held back").contains("EPERM");
    assertThat(fields(only())).contains("loader.pid");
    assertThat(tracker.statistics().summarised()).isEqualTo(182_340);
    assertThat(tracker.statistics().attempts()).isZero();
  }

  @Test
  void loadThatOnlyItsModuleTellsOf_waitsAMomentForTheRest_andSaysSo() {
    feed(Call.finit(10, 0).entryMissed().read(0).load());
    tracker.tick(START + SECOND / 2);
    assertThat(records).isEmpty();
    tracker.tick(START + SECOND);

    assertThat(only().outcome()).isEqualTo(LOADED);
    assertThat(only().file()).isNotNull();
    assertThat(only().route().syscall()).isEqualTo("finit_module");
    assertThat(fields(only())).contains("route.syscall", "returnValue");
  }

  @Test
  void loadThatOnlyItsModuleTellsOf_hasFailed_whenTheModuleGoesAgain() {
    feed(Call.finit(10, 0).entryMissed().read(0).load().free());
    tracker.tick(START + SECOND);

    assertThat(only().outcome()).isEqualTo(FAILED);
    assertThat(only().codeMayHaveRun()).isTrue();
  }

  @Test
  void missingCallEvent_doesNotJoinTheNextCallOfTheThread() {
    feed(Call.finit(10, 0).handOver().coming(0).load());
    feed(Call.finit(10, SECOND).named("next").loaded());
    tracker.finish();

    assertThat(records).hasSize(2);
    assertThat(records.get(0).module().name()).isEqualTo("next");
    assertThat(fields(records.get(1))).contains("returnValue");
  }

  @Test
  void duplicates_areCountedAndChangeNothing() {
    Call call = Call.finit(10, 0).loaded();
    for (Event event : call.events) {
      tracker.accept(event, List.of());
      tracker.accept(event, List.of());
    }
    feed(call);

    only();
    assertThat(tracker.statistics().duplicates() + tracker.statistics().lateEvents()).isEqualTo(12);
  }

  @Test
  void eventsOfOtherProducers_areJoinedByThreadAndOrder() {
    feed(Call.finit(10, 0).noContext().loaded());
    feed(Call.finit(10, SECOND).noContext().handOver().returns(-8));
    feed(Call.delete(10, 2 * SECOND).noContext().free().returns(0));

    assertThat(records).extracting(LoadRecord::outcome).containsExactly(LOADED, FAILED, UNLOADED);
    assertThat(records.get(0).file()).isNotNull();
    assertThat(records).allSatisfy(r -> assertThat(fields(r)).containsExactly("loader.args"));
  }

  @Test
  void findings_ofItsEventsAreInTheRecord() {
    for (Event event : Call.finit(10, 0).loaded().events) {
      tracker.accept(
          event,
          event.eventName().equals("security_kernel_read_file") ? List.of("TRC-1017") : List.of());
    }

    assertThat(only().findings()).containsExactly("TRC-1017");
  }

  @Test
  void tooManyOpen_evictsTheOldestWithAGap() {
    for (int i = 0; i < 4097; i++) {
      feed(Call.finit(i, i).handOver());
    }

    assertThat(only().gaps()).anySatisfy(gap -> assertThat(gap.why()).contains("too many calls"));
    assertThat(tracker.statistics().evicted()).isEqualTo(1);
    assertThat(tracker.statistics().open()).isEqualTo(4096);
  }

  @Test
  void finish_reportsWhatIsOpen() {
    feed(Call.finit(10, 0).handOver());
    tracker.finish();

    assertThat(only().outcome()).isEqualTo(FAILED);
    assertThat(fields(only())).contains("returnValue");
    assertThat(tracker.statistics().open()).isZero();
  }

  @Test
  void noOutcome_isStated_whileTheLaneOfLoadsIsBlind() {
    feed(Call.finit(10, 0).handOver());
    feed(Call.finit(11, 0).handOver().coming(0).load());
    tracker.accept(sensor("sensor_blind", "rings", SECOND), List.of());
    feed(Call.finit(12, 2 * SECOND).handOver());
    feed(Call.finit(13, 2 * SECOND).handOver().coming(0).load().returns(0));
    tracker.tick(START + 6 * SECOND - 1);
    assertThat(records).hasSize(2);
    tracker.tick(START + 7 * SECOND);

    assertThat(records).hasSize(4);
    for (int thread : List.of(10, 11, 12)) {
      assertThat(record(thread).outcome()).as("%d", thread).isEqualTo(UNKNOWN);
      assertThat(record(thread).reason()).isNull();
      assertThat(fields(record(thread))).contains("outcome", "returnValue");
    }
    assertThat(record(13).outcome()).isEqualTo(LOADED);
    assertThat(record(13).gaps()).isEmpty();
  }

  @Test
  void noOutcome_isStated_ofWhatTheBoundOnOpenCallsForcesOut_whileTheLaneOfLoadsIsBlind() {
    tracker.accept(sensor("sensor_blind", "lane loads", 0), List.of());
    for (int thread = 1; thread <= 5000; thread++) {
      feed(Call.finit(thread, thread).handOver());
    }

    assertThat(records).hasSize(5000 - 4096).extracting(LoadRecord::outcome).containsOnly(UNKNOWN);
  }

  @Test
  void outcomes_areStatedAgain_ofWhatBeginsOnceTheLaneOfLoadsSeesAgain() {
    tracker.accept(sensor("sensor_blind", "rings", 0), List.of());
    feed(Call.finit(10, SECOND).handOver());
    tracker.accept(sensor("sensor_recovered", "rings", 2 * SECOND), List.of());
    feed(Call.finit(11, 3 * SECOND).handOver());
    tracker.finish();

    assertThat(record(10).outcome()).isEqualTo(UNKNOWN);
    assertThat(record(11).outcome()).isEqualTo(FAILED);
  }

  @Test
  void outcomes_areStated_whilePartsAreBlindThatDoNotTellThem() {
    tracker.accept(sensor("sensor_blind", "images", 0), List.of());
    feed(Call.finit(10, SECOND).handOver());
    tracker.finish();

    assertThat(only().outcome()).isEqualTo(FAILED);
  }

  @Test
  void loadThatFoundNoWorkSpace_saysThat_andNotThatNoCallWasSeen() {
    feed(Call.finit(10, 0).crowdedOut().read(0).load());
    feed(Call.finit(11, 0).crowdedOut().read(0).load().returns(0, SECOND));
    tracker.tick(START + SECOND);

    assertThat(records).hasSize(2);
    assertThat(record(10).outcome()).isEqualTo(LOADED);
    assertThat(fields(record(10))).contains("route", "returnValue").doesNotContain("route.syscall");
    assertThat(record(10).gaps())
        .contains(
            new LoadRecord.Gap(
                "returnValue",
                "no work space was free in the kernel: too many calls were under way at once"));
    assertThat(record(11).gaps())
        .contains(
            new LoadRecord.Gap(
                "durationNs",
                "the call was first seen when it returned: no work space was free in the kernel"
                    + " when it was entered"));
    assertThat(fields(record(11))).doesNotContain("route.syscall");
  }

  @Test
  void requestsThatWereHeldBack_areOneRecordOfRequests() {
    tracker.accept(suppressed("", 0L, 5000, true), List.of());
    tracker.accept(suppressed("", -1L, 40, true), List.of());

    assertThat(records).hasSize(2).allMatch(record -> record.action() == Action.REQUEST);
    LoadRecord asked = records.getFirst();
    assertThat(asked.repeats()).isEqualTo(5000);
    assertThat(asked.outcome()).isEqualTo(UNKNOWN);
    assertThat(asked.loader()).isNull();
    assertThat(requireNonNull(asked.requester()).process().hostPid()).isEqualTo(10);
    assertThat(fields(asked))
        .containsExactly("outcome", "requester.pid", "requester.alias", "requester.args");
    assertThat(records.getLast().outcome()).isEqualTo(REFUSED);
    assertThat(records.getLast().errno()).isEqualTo("EPERM");
    assertThat(records.getLast().reason()).startsWith("held back").contains("EPERM");
    assertThat(tracker.statistics().requestsSummarised()).isEqualTo(5040);
    assertThat(tracker.statistics().summarised()).isZero();
  }

  @Test
  void attemptsOfTooManyUsers_areOneRecordOfNoUser() {
    Event one = suppressed("finit_module", -1L, 1900);
    var args = new ArrayList<>(Objects.requireNonNull(one.args()));
    args.add(new Argument("many_users", "bool", Value.of(true)));
    tracker.accept(one.withArgs(args), List.of());

    assertThat(only().repeats()).isEqualTo(1900);
    assertThat(only().reason())
        .isEqualTo(
            "held back, since too many users and cgroups that made none before made one at once:"
                + " each ended with EPERM (Operation not permitted)");
    assertThat(fields(only())).contains("loader.uid");
  }

  private static Event sensor(String name, String part, long at) {
    Event event = EventBuilder.named(name, List.of(new Argument("part", "string", Value.of(part))));
    return event.toBuilder().timestampNanos(START + at).build();
  }

  private static Event suppressed(String call, @Nullable Long returned, long count) {
    return suppressed(call, returned, count, false);
  }

  private static Event suppressed(
      String call, @Nullable Long returned, long count, boolean ofRequests) {
    Event last = Call.finit(10, SECOND).noContext().returns(0).events.getLast();
    return Event.builder("attempts_suppressed", START + SECOND)
        .source(last.source())
        .process(last.process())
        .hostName(last.hostName())
        .container(last.container())
        .kubernetes(last.kubernetes())
        .eventId("1")
        .returnValue(returned)
        .syscall(call)
        .args(
            List.of(
                new Argument("count", "unsigned long", Value.of(count)),
                new Argument("first", "unsigned long", Value.of(START)),
                new Argument("last", "unsigned long", Value.of(START + SECOND)),
                new Argument("request", "bool", Value.of(ofRequests))))
        .build();
  }

  private void feed(Call call, String... findings) {
    call.events.forEach(event -> tracker.accept(event, List.of(findings)));
  }

  private LoadRecord only() {
    assertThat(records).hasSize(1);
    return records.getFirst();
  }

  /** Returns the second of two records, which have the same id and time. */
  private LoadRecord second() {
    assertThat(records).hasSize(2);
    assertThat(records.get(1).id()).isEqualTo(records.get(0).id());
    assertThat(records.get(1).timeNanos()).isEqualTo(records.get(0).timeNanos());
    assertThat(records.get(0).mayBeReplaced()).isTrue();
    assertThat(records.get(1).replacesAnother()).isTrue();
    return records.get(1);
  }

  private LoadRecord record(int thread) {
    return records.stream()
        .filter(r -> r.id().endsWith("-" + Integer.toHexString(thread)))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> fields(LoadRecord record) {
    return record.gaps().stream().map(LoadRecord.Gap::field).toList();
  }
}
