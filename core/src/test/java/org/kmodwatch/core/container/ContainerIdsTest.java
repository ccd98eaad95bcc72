package org.kmodwatch.core.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class ContainerIdsTest {

  private static final String A =
      "1f7cfbd2f7a4cb4c4ac5f4b7f1d8f7b5f2bb3b0d3dd4e2a5b8a7e9c1d0f6e3a4";
  private static final String B =
      "9e0d1c2b3a4f5e6d7c8b9a0f1e2d3c4b5a6f7e8d9c0b1a2f3e4d5c6b7a8f9e0d";

  // {A} and {B} stand for ids.
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        // Docker: cgroupfs, systemd, below the container, rootless.
        "/docker/{A}, DOCKER, {A}, -",
        "/docker/{A}/init, DOCKER, {A}, -",
        "/system.slice/docker-{A}.scope, DOCKER, {A}, -",
        "/system.slice/docker-{A}.scope/system.slice/ssh.service, DOCKER, {A}, -",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{A}.scope, DOCKER, {A}, -",
        "system.slice:docker:{A}, DOCKER, {A}, -",
        "/../../system.slice/docker-{A}.scope, DOCKER, {A}, -",
        // containerd for Kubernetes: cgroupfs, systemd, systemd's name taken for a path.
        "/kubepods/burstable/pod2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f/{A}, CONTAINERD, {A},"
            + " 2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        "/kubepods/pod2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f/{A}, CONTAINERD, {A},"
            + " 2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod2d3c8e5a_0a9b_4c1d_9e8f_7a6b5c4d3e2f.slice/cri-containerd-{A}.scope,"
            + " CONTAINERD, {A}, 2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        "/kubepods.slice/kubepods-pod2d3c8e5a_0a9b_4c1d_9e8f_7a6b5c4d3e2f.slice/cri-containerd-{A}.scope,"
            + " CONTAINERD, {A}, 2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        "/system.slice/containerd.service/kubepods-burstable-pod2d3c8e5a_0a9b_4c1d_9e8f_7a6b5c4d3e2f.slice:cri-containerd:{A},"
            + " CONTAINERD, {A}, 2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        // A pod that a file on the node defines.
        "/kubepods/burstable/pod5a8b4e0d9f6c4f3a8b7e6d5c4b3a2f1e/{A}, CONTAINERD, {A},"
            + " 5a8b4e0d9f6c4f3a8b7e6d5c4b3a2f1e",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod5a8b4e0d9f6c4f3a8b7e6d5c4b3a2f1e.slice/cri-containerd-{A}.scope,"
            + " CONTAINERD, {A}, 5a8b4e0d9f6c4f3a8b7e6d5c4b3a2f1e",
        // containerd without Kubernetes.
        "/system.slice/nerdctl-{A}.scope, CONTAINERD, {A}, -",
        "/k8s.io/{A}, CONTAINERD, {A}, -",
        "/default/{A}, CONTAINERD, {A}, -",
        // Docker for Kubernetes, with systemd.
        "/kubepods.slice/kubepods-pod2d3c8e5a_0a9b_4c1d_9e8f_7a6b5c4d3e2f.slice/docker-{A}.scope,"
            + " DOCKER, {A}, 2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        // CRI-O.
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod2d3c8e5a_0a9b_4c1d_9e8f_7a6b5c4d3e2f.slice/crio-{A}.scope,"
            + " CRIO, {A}, 2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        "/kubepods.slice/kubepods-pod2d3c8e5a_0a9b_4c1d_9e8f_7a6b5c4d3e2f.slice/crio-{A}.scope/container,"
            + " CRIO, {A}, 2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        "/kubepods/besteffort/pod2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f/crio-{A}, CRIO, {A},"
            + " 2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        // Real CRI-O paths from reports: version 1 (opencontainers/runc issue 4620,
        // tkestack/gpu-manager issue 158), version 2 with OpenShift, container and sandbox
        // (containerd/nri pull request 227), cgroupfs (cri-o/cri-o pull request 5511).
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-poda5c1f8d5_1919_434d_add7_4afaafdaef89.slice/crio-5eed917563583925ffdbd40a64efb2aaffe58638e57add8becaf460fe74f5b1c.scope,"
            + " CRIO, 5eed917563583925ffdbd40a64efb2aaffe58638e57add8becaf460fe74f5b1c,"
            + " a5c1f8d5-1919-434d-add7-4afaafdaef89",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podefe83c92_ae76_41c6_b7c2_95fb143e6dd2.slice/crio-0375b48a72e3c6f9f7b0ec306c0464a3cc414ac84aa176de203aa103d53adafc.scope,"
            + " CRIO, 0375b48a72e3c6f9f7b0ec306c0464a3cc414ac84aa176de203aa103d53adafc,"
            + " efe83c92-ae76-41c6-b7c2-95fb143e6dd2",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod35550f44_f691_427e_b57d_ab6127d2cb65.slice/crio-805b902ed98fdc1409c76e9aa94964787a904c80f46fc3ee74283509108f5e73.scope,"
            + " CRIO, 805b902ed98fdc1409c76e9aa94964787a904c80f46fc3ee74283509108f5e73,"
            + " 35550f44-f691-427e-b57d-ab6127d2cb65",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod35550f44_f691_427e_b57d_ab6127d2cb65.slice/crio-468f848e2ebec7203ed55748d08337851af589ac42eb551c572446a5c68fe631,"
            + " CRIO, 468f848e2ebec7203ed55748d08337851af589ac42eb551c572446a5c68fe631,"
            + " 35550f44-f691-427e-b57d-ab6127d2cb65",
        "/kubepods/burstable/pod44e2e33e-776b-4284-a647-4bd959899c91/crio-dc4b5f11a034ac50f4bf7a0f2396fce881f58dcb5b2fa5f0f74d5c2ad924c083,"
            + " CRIO, dc4b5f11a034ac50f4bf7a0f2396fce881f58dcb5b2fa5f0f74d5c2ad924c083,"
            + " 44e2e33e-776b-4284-a647-4bd959899c91",
        // Podman: root's, a user's, cgroupfs, a pod's, Quadlet's, below the container.
        "/machine.slice/libpod-{A}.scope, PODMAN, {A}, -",
        "/machine.slice/libpod-{A}.scope/container, PODMAN, {A}, -",
        "/machine.slice/libpod-{A}.scope/container/init.scope, PODMAN, {A}, -",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{A}.scope/container,"
            + " PODMAN, {A}, -",
        "/libpod_parent/libpod-{A}, PODMAN, {A}, -",
        "/machine.slice/machine-libpod_pod_{B}.slice/libpod-{A}.scope, PODMAN, {A}, -",
        "/system.slice/web.service/libpod-payload-{A}, PODMAN, {A}, -",
        // Containers in containers: kind, Docker in Docker, Docker in a pod.
        "/docker/{B}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod2d3c8e5a_0a9b_4c1d_9e8f_7a6b5c4d3e2f.slice/cri-containerd-{A}.scope,"
            + " CONTAINERD, {A}, 2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        "/docker/{B}/kubelet/kubepods/burstable/pod2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f/{A},"
            + " CONTAINERD, {A}, 2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        "/docker/{B}/docker/{A}, DOCKER, {A}, -",
        "/docker/{B}/system.slice/docker.service, DOCKER, {B}, -",
        "/kubepods/burstable/pod2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f/{B}/docker/{A}, DOCKER, {A},"
            + " 2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        // The monitor of a nested container belongs to the outer one.
        "/docker/{B}/machine.slice/libpod-conmon-{A}.scope, DOCKER, {B}, -",
        // These names only resemble a pod.
        "/kubepods/burstable/podium/{A}, UNKNOWN, {A}, -",
        "/a-pod1.slice/docker-{A}.scope, DOCKER, {A}, -",
      })
  void of_tellsRuntimeIdAndPod(
      String path, ContainerRuntime runtime, String id, @Nullable String podUid) {
    assertThat(ContainerIds.of(filled(path)))
        .contains(new ContainerId(runtime, filled(id), podUid));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "//",
        "/init.scope",
        "/user.slice/user-1000.slice/session-3.scope",
        "/user.slice/user-0.slice/user@0.service/init.scope",
        "/system.slice/docker.service",
        "/system.slice/containerd.service",
        "/system.slice/crio.service",
        "/docker",
        "/docker/",
        "/kubepods.slice/kubepods-pod2d3c8e5a_0a9b_4c1d_9e8f_7a6b5c4d3e2f.slice",
        "/kubepods/burstable/pod2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
        "/machine.slice/libpod-conmon-{A}.scope",
        "/machine.slice/machine-libpod_pod_{A}.slice",
        "/libpod_parent/{A}/conmon",
        "/kubepods.slice/kubepods-pod2d3c8e5a_0a9b_4c1d_9e8f_7a6b5c4d3e2f.slice/crio-conmon-{A}.scope",
        "/system.slice/other-{A}.scope",
        "/docker/{A}0",
        "/docker/1f7cfbd2f7a4",
        "/docker/1F7CFBD2F7A4CB4C4AC5F4B7F1D8F7B5F2BB3B0D3DD4E2A5B8A7E9C1D0F6E3A4",
        "/system.slice/docker-.scope",
        "/system.slice/docker-{A}.service",
        "/kubepods/burstable/pod44e2e33e-776b-4284-a647-4bd959899c91/crio-conmon-dc4b5f11a034ac50f4bf7a0f2396fce881f58dcb5b2fa5f0f74d5c2ad924c083",
        ":{A}",
        "::{A}",
        ".scope",
      })
  void of_isEmpty_whereThereIsNoContainer(String path) {
    assertThat(ContainerIds.of(filled(path))).isEmpty();
  }

  @Test
  void of_takesOnePass_overHostilePaths() {
    for (String unit : new String[] {"/", "a", "-pod", ":", "/pod", "libpod-", "/" + A + "0"}) {
      String path = unit.repeat(1_000_000 / unit.length());
      Assertions.assertTimeout(Duration.ofSeconds(5), () -> ContainerIds.of(path), unit);
    }
    String path = ("/x-" + A).repeat(20_000);
    Assertions.assertTimeout(Duration.ofSeconds(5), () -> ContainerIds.of(path));
  }

  @Test
  void of_neverThrows_onRandomPaths() {
    long seed = 20261122;
    var random = new Random(seed);
    String[] parts = {
      "/", ":", "-", "pod", ".slice", ".scope", "docker", "libpod-", A, "crio-", "é"
    };
    for (int i = 0; i < 100_000; i++) {
      var path = new StringBuilder();
      for (int j = random.nextInt(8); j > 0; j--) {
        path.append(parts[random.nextInt(parts.length)]);
      }
      ContainerIds.of(path.toString())
          .ifPresent(
              found -> assertThat(found.id()).as("seed=%d path=%s", seed, path).isEqualTo(A));
    }
  }

  private static String filled(String text) {
    return text.replace("{A}", A).replace("{B}", B);
  }
}
