package org.kmodwatch.agent.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.testing.EventBuilder.event;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.doctor.FakeRoot;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.Origin;

class ContainerEnrichmentTest {

  private static final String ID =
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  private static final String DOCKER = "/system.slice/docker-" + ID + ".scope";

  @TempDir Path folder;
  private FakeRoot root;
  private ContainerEnrichment containers;

  @BeforeEach
  void makeRoot() {
    root =
        FakeRoot.healthyIn(folder)
            .with(
                "var/lib/docker/containers/" + ID + "/config.v2.json",
                "{\"Name\":\"/web\",\"Config\":{\"Image\":\"nginx:1\"}}");
    containers = new ContainerEnrichment(folder, () -> 0);
  }

  @Test
  void event_getsItsContainer_byItsCgroup() {
    Event event = containers.enrich(event("finit_module").inCgroup(DOCKER).build());
    assertThat(event.container())
        .isEqualTo(new ContainerContext(ID, "web", "nginx:1", null, "docker"));
    assertThat(event.kubernetes()).isEqualTo(KubernetesContext.NONE);
    assertThat(event.origin()).isEqualTo(Origin.CONTAINER);
  }

  @Test
  void everythingElse_staysAsItWas() {
    Event before = event("finit_module").with("fd", 3).inCgroup(DOCKER).build();
    Event after = containers.enrich(before);
    assertThat(after)
        .usingRecursiveComparison()
        .ignoringFields("container", "containerStarted")
        .isEqualTo(before);
  }

  @Test
  void containerWithoutFiles_hasItsIdOnly() {
    String id = ID.replace('0', 'f');
    Event event =
        containers.enrich(event("x").inCgroup("/system.slice/docker-" + id + ".scope").build());
    assertThat(event.container()).isEqualTo(new ContainerContext(id, null, null, null, "docker"));
  }

  @Test
  void names_areReadOncePerContainer() {
    containers.enrich(event("x").inCgroup(DOCKER).build());
    root.without("var/lib/docker/containers/" + ID + "/config.v2.json");
    assertThat(containers.enrich(event("x").inCgroup(DOCKER).build()).container().name())
        .isEqualTo("web");
  }

  @Test
  void podUid_isKnownByTheCgroup() {
    String pod = "8f3c1d8e-2f0d-4d1a-9c55-0a1b2c3d4e5f";
    Event event =
        containers.enrich(
            event("x")
                .inCgroup(
                    "/kubepods.slice/kubepods-pod%s.slice/cri-containerd-%s.scope"
                        .formatted(pod.replace('-', '_'), ID))
                .build());
    assertThat(event.kubernetes()).isEqualTo(new KubernetesContext(null, null, pod, null));
  }

  @Test
  void hostProcess_isLeftAsItIs() {
    Event event = event("x").inCgroup("/user.slice/user-0.slice").build();
    assertThat(containers.enrich(event)).isSameAs(event);
  }

  @Test
  void eventWithoutPath_getsItFromItsProcess_ifThatIsInTheSameCgroup() throws IOException {
    long inode = cgroup(DOCKER);
    root.with("proc/4242/cgroup", "0::" + DOCKER + "\n");
    assertThat(containers.enrich(event("x").inCgroup(inode).build()).container().name())
        .isEqualTo("web");
    Event other = event("x").inCgroup(inode + 1).build();
    assertThat(containers.enrich(other)).isSameAs(other);
  }

  @Test
  void processThatIsGone_saysNothing() throws IOException {
    Event event = event("x").inCgroup(cgroup(DOCKER)).build();
    assertThat(containers.enrich(event)).isSameAs(event);
  }

  @Test
  void containerThatTheEventHas_isKept() {
    Event event = containers.enrich(event("x").inCgroup(DOCKER).build());
    assertThat(containers.enrich(event)).isSameAs(event);
  }

  private long cgroup(String path) throws IOException {
    Path cgroup = folder.resolve("sys/fs/cgroup" + path);
    Files.createDirectories(cgroup);
    return (Long) Files.getAttribute(cgroup, "unix:ino");
  }
}
