package org.kmodwatch.sensor;

import org.kmodwatch.core.event.Event;

/** Looks at the image of a module while its bytes are there. Called by the thread that polls. */
@FunctionalInterface
public interface ImageReader {

  /**
   * Argument of the event: whether the kernel found a good signature. Absent if it has not looked
   * yet, or does not check signatures at all.
   */
  String SIG_OK = "sig_ok";

  /** Argument beside that: what the kernel's check returned, 0 to go on or a negative errno. */
  String SIG_RET = "sig_ret";

  /** Looks at nothing. */
  ImageReader NONE = (event, image) -> event;

  /**
   * Takes an image.
   *
   * @param event the {@code module_image} event that tells of it
   * @param image valid during the call only
   * @return the event, with more arguments if there is more to say
   */
  Event read(Event event, CapturedImage image);
}
