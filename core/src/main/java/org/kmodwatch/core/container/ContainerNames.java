package org.kmodwatch.core.container;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.KubernetesContext;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * The names of a container, which come from the files of its runtime. A name that the file lacks is
 * null. A file of an unexpected form gives no names.
 */
public record ContainerNames(
    @Nullable String name, @Nullable String image, KubernetesContext kubernetes) {

  private static final JsonFactory JSON = new JsonFactory();

  /**
   * Reads Docker's {@code /var/lib/docker/containers/ID/config.v2.json}.
   *
   * @param podUid the pod's uid from the container's cgroup; null without a pod. The file's labels
   *     have more facts on the pod, but the maker of an image chooses its labels. They are believed
   *     only if they have this uid.
   */
  public static Optional<ContainerNames> ofDocker(byte[] file, @Nullable String podUid) {
    return strings(file, Set.of("Config", "Config/Labels"))
        .map(
            s -> {
              String name = s.get("Name");
              String label = "Config/Labels/io.kubernetes.";
              boolean inPod = podUid != null && podUid.equals(s.get(label + "pod.uid"));
              return new ContainerNames(
                  name != null && name.startsWith("/") ? name.substring(1) : name,
                  s.get("Config/Image"),
                  inPod
                      ? new KubernetesContext(
                          s.get(label + "pod.name"),
                          s.get(label + "pod.namespace"),
                          podUid,
                          is("podsandbox", s.get(label + "docker.type")))
                      : KubernetesContext.NONE);
            });
  }

  /**
   * Reads {@code containers.json} or {@code volatile-containers.json} of Podman's {@code
   * overlay-containers} under {@code /var/lib/containers/storage}, or under a user's {@code
   * ~/.local/share/containers/storage}.
   *
   * @param id id of the container to find
   */
  public static Optional<ContainerNames> ofPodman(byte[] file, String id) {
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), file)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        return Optional.empty();
      }
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        var container = new HashMap<String, String>();
        readFields(parser, "", Set.of(), container);
        if (id.equals(container.get("id"))) {
          String metadata = container.get("metadata");
          String image =
              metadata == null
                  ? null
                  : strings(metadata).map(s -> s.get("image-name")).orElse(null);
          return Optional.of(
              new ContainerNames(container.get("names"), image, KubernetesContext.NONE));
        }
      }
      return Optional.empty();
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  /**
   * Reads the OCI runtime's {@code config.json} with the annotations of containerd or CRI-O.
   * containerd's file is {@code
   * /run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/config.json}, CRI-O's is {@code
   * /run/containers/storage/overlay-containers/ID/userdata/config.json}.
   */
  public static Optional<ContainerNames> ofOci(byte[] file) {
    return strings(file, Set.of("annotations"))
        .map(
            s -> {
              String containerd = "annotations/io.kubernetes.cri.";
              String type = s.get(containerd + "container-type");
              if (type != null) {
                return new ContainerNames(
                    s.get(containerd + "container-name"),
                    s.get(containerd + "image-name"),
                    new KubernetesContext(
                        s.get(containerd + "sandbox-name"),
                        s.get(containerd + "sandbox-namespace"),
                        s.get(containerd + "sandbox-uid"),
                        is("sandbox", type)));
              }
              String common = "annotations/io.kubernetes.";
              return new ContainerNames(
                  s.get(common + "container.name"),
                  s.get(common + "cri-o.ImageName"),
                  new KubernetesContext(
                      s.get(common + "pod.name"),
                      s.get(common + "pod.namespace"),
                      s.get(common + "pod.uid"),
                      is("sandbox", s.get(common + "cri-o.ContainerType"))));
            });
  }

  private static @Nullable Boolean is(String word, @Nullable String text) {
    return text == null ? null : text.equals(word);
  }

  private static Optional<Map<String, String>> strings(String json) {
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
      return strings(parser, Set.of());
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  private static Optional<Map<String, String>> strings(byte[] json, Set<String> open) {
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
      return strings(parser, open);
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  private static Optional<Map<String, String>> strings(JsonParser parser, Set<String> open) {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return Optional.empty();
    }
    var found = new HashMap<String, String>();
    readFields(parser, "", open, found);
    return Optional.of(found);
  }

  /**
   * Reads an object's strings into {@code found}, with the keys prefixed by {@code prefix}. Of a
   * list it reads the first string. It reads an inner object only if {@code open} has that object's
   * key.
   */
  private static void readFields(
      JsonParser parser, String prefix, Set<String> open, Map<String, String> found) {
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = prefix + parser.currentName();
      JsonToken token = parser.nextToken();
      if (token == JsonToken.VALUE_STRING) {
        found.putIfAbsent(key, parser.getString());
      } else if (token == JsonToken.START_ARRAY) {
        readFirst(parser, key, found);
      } else if (token == JsonToken.START_OBJECT && open.contains(key)) {
        readFields(parser, key + "/", open, found);
      } else {
        parser.skipChildren();
      }
    }
  }

  private static void readFirst(JsonParser parser, String key, Map<String, String> found) {
    for (JsonToken token = parser.nextToken();
        token != null && token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      if (token == JsonToken.VALUE_STRING) {
        found.putIfAbsent(key, parser.getString());
      } else {
        parser.skipChildren();
      }
    }
  }
}
