package org.kmodwatch.sensor;

import org.kmodwatch.core.event.Event;

/** Reads the image of a module while its bytes are in memory. The polling thread calls it. */
@FunctionalInterface
public interface ImageReader {

  /**
   * The argument of the event for the signature: whether the kernel found a good one. It is absent
   * if the kernel has not checked yet, or does not check signatures at all.
   */
  String SIG_OK = "sig_ok";

  /** The argument with the result of the kernel's check: 0 to continue, or a negative errno. */
  String SIG_RET = "sig_ret";

  /** A reader that ignores every image. */
  ImageReader NONE = (event, image) -> event;

  /**
   * Reads an image.
   *
   * @param event the {@code module_image} event that reports it
   * @param image the image, valid during the call only
   * @return the event, with further arguments if the image has further facts
   */
  Event read(Event event, CapturedImage image);
}
